// The live figures: hectares, the units people there reckon in, the way around, the corners.
import { areaM2, distanceM, localUnits } from "../../register/measure.js";
import { decimal, number, say, settings } from "../settings.js";
import { byId } from "./dom.js";

const fine = new Intl.NumberFormat(settings.language === "vi" ? "vi-VN" : "en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
/** A small field shows its square metres: four decimals below ten hectares. */
const hectares = (m2) => `${m2 < 1e5 ? fine.format(m2 / 10000) : decimal(m2 / 10000)} ha`;
const open = (ring) => ring.slice(0, -1);

/** Area in m², perimeter in m and number of corners of a GeoJSON area. */
export function measure(geometry) {
  const parts = geometry?.type === "MultiPolygon" ? geometry.coordinates : geometry?.type === "Polygon" ? [geometry.coordinates] : [];
  const figures = { area: 0, around: 0, corners: 0, place: parts[0]?.[0]?.[0] };
  for (const part of parts) {
    part.forEach((ring, at) => {
      figures.area += (at === 0 ? 1 : -1) * areaM2(open(ring));
      figures.corners += ring.length - 1;
      ring.slice(1).forEach((corner, before) => {
        figures.around += distanceM(ring[before], corner);
      });
    });
  }
  return figures;
}

/** Write the figures of what is drawn; `geometry` may be half drawn or missing. */
export function showMeasure(geometry) {
  const { area, around, corners, place } = measure(geometry);
  const known = corners > 2;
  byId("edit-measure").hidden = geometry?.type === "Point";
  byId("edit-area").textContent = known ? hectares(area) : "– ha";
  byId("edit-area").dataset.hectares = known ? area / 10000 : "";
  byId("edit-local").textContent = known
    ? localUnits(place[1])
        .map(([name, size]) => say("edit-local", { value: decimal(area / size), unit: say(`unit-${name}`), size: number(size) }))
        .join(" · ")
    : "";
  byId("edit-perimeter").textContent = known ? say("edit-perimeter", { length: number(around) }) : "";
  byId("edit-count").textContent = corners ? say("edit-corners", { count: number(corners) }) : "";
}
