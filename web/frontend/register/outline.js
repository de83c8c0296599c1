// The walked ring as an SVG sketch: no map library, no network.
import { last, onPlane } from "./measure.js";

const WIDTH = 320;
const HEIGHT = 200;
const MARGIN = 18;

export function drawOutline(svg, ring) {
  svg.replaceChildren();
  if (!ring.length) return;
  const plane = onPlane(ring);
  const xs = plane.map(([x]) => x);
  const ys = plane.map(([, y]) => y);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(east - west, 10),
    (HEIGHT - 2 * MARGIN) / Math.max(north - south, 10),
  );
  const points = plane.map(([x, y]) => [
    WIDTH / 2 + (x - (west + east) / 2) * scale,
    HEIGHT / 2 - (y - (south + north) / 2) * scale,
  ].map((value) => value.toFixed(1)));
  const shape = element(ring.length > 2 ? "polygon" : "polyline");
  shape.setAttribute("points", points.map((point) => point.join()).join(" "));
  svg.append(shape);
  // Hundreds of corners would hide the line.
  const shown = points.length > 60 ? [points[0], last(points)] : points;
  for (const point of shown) {
    const dot = element("circle");
    dot.setAttribute("cx", point[0]);
    dot.setAttribute("cy", point[1]);
    dot.setAttribute("r", point === last(points) ? 6 : 3.5);
    if (point === last(points)) dot.classList.add("last");
    svg.append(dot);
  }
}

const element = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
