// A change of a shape on the map: what came is hatched green, what went is hatched red.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import VectorLayer from "ol/layer/Vector.js";
import { createEmpty, extend, isEmpty } from "ol/extent.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { getDistance } from "ol/sphere.js";

const READ = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
const COLOURS = { before: "#a4161a", after: "#14532d" };
const HA = 10_000;

function polygonsOf(pixels) {
  // Coordinates come as Polygon or MultiPolygon; a ring is a list of pairs.
  return typeof pixels[0][0][0] === "number" ? [pixels] : pixels;
}

function trace(pen, pixels) {
  for (const polygon of polygonsOf(pixels)) {
    for (const ring of polygon) {
      ring.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
    }
  }
}

function hatching(colour, lean) {
  const ratio = window.devicePixelRatio || 1;
  const side = Math.round(8 * ratio);
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = 1.8 * ratio;
  for (const shift of [-side, 0, side]) {
    pen.beginPath();
    pen.moveTo(shift, lean > 0 ? side : 0);
    pen.lineTo(shift + side, lean > 0 ? 0 : side);
    pen.stroke();
  }
  return pen.createPattern(canvas, "repeat");
}

/** Hatch what of one shape the other does not cover: the other one is cut out of the canvas. */
function hatchOutside(colour, lean, other) {
  const pattern = hatching(colour, lean);
  return new Style({
    renderer(pixels, { context: pen, geometry, resolution }) {
      pen.save();
      if (other) {
        // Both shapes are drawn in one frame: the other's pixels follow from this one's.
        const [x, y] = firstPair(pixels);
        const [east, north] = firstPair(geometry.getCoordinates());
        const scale = window.devicePixelRatio || 1;
        const place = ([lon, lat]) => [x + ((lon - east) / resolution) * scale, y - ((lat - north) / resolution) * scale];
        pen.beginPath();
        pen.rect(-1e5, -1e5, 2e5, 2e5);
        trace(pen, polygonsOf(other.getCoordinates()).map((polygon) => polygon.map((ring) => ring.map(place))));
        pen.clip("evenodd");
      }
      pen.beginPath();
      trace(pen, pixels);
      pen.fillStyle = pattern;
      pen.fill("evenodd");
      pen.restore();
    },
  });
}

function firstPair(coordinates) {
  return typeof coordinates[0] === "number" ? coordinates : firstPair(coordinates[0]);
}

const isArea = (geometry) => geometry?.getType().endsWith("Polygon");

function styles(kind, geometry, other) {
  const outline = new Style({
    stroke: new Stroke({ color: COLOURS[kind], width: kind === "after" ? 3 : 2.4, lineDash: kind === "before" ? [7, 5] : undefined }),
    image: new CircleStyle({
      radius: kind === "after" ? 8 : 9,
      fill: kind === "after" ? new Fill({ color: COLOURS.after }) : undefined,
      stroke: new Stroke({ color: kind === "after" ? "#fff" : COLOURS.before, width: 2.4 }),
    }),
  });
  const under = new Style({ stroke: new Stroke({ color: "rgba(255,255,255,.85)", width: 6 }) });
  if (!isArea(geometry)) {
    return [under, outline];
  }
  return [hatchOutside(COLOURS[kind], kind === "after" ? 1 : -1, isArea(other) ? other : null), under, outline];
}

/** Draws the difference of two shapes on a layer of its own above all others. */
export function makeDifference(map) {
  const source = new VectorSource();
  map.addLayer(new VectorLayer({ source, zIndex: 20, updateWhileAnimating: true, updateWhileInteracting: true }));
  return {
    clear: () => source.clear(true),
    /**
     * Show what became of a shape; both are GeoJSON geometries or null.
     *
     * Gives how far a point moved in metres, and where to look.
     */
    show(before, after) {
      source.clear(true);
      const shapes = { before: before && READ.readGeometry(before), after: after && READ.readGeometry(after) };
      const extent = createEmpty();
      for (const kind of ["before", "after"]) {
        const geometry = shapes[kind];
        if (geometry) {
          const feature = new Feature(geometry);
          feature.setStyle(styles(kind, geometry, shapes[kind === "before" ? "after" : "before"]));
          source.addFeature(feature);
          extend(extent, geometry.getExtent());
        }
      }
      const area = (geometry) => (isArea(geometry) ? getArea(geometry) / HA : null);
      const moved = before?.type === "Point" && after?.type === "Point" ? getDistance(before.coordinates, after.coordinates) : null;
      return { moved, extent: isEmpty(extent) ? null : extent };
    },
  };
}
