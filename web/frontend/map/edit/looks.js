// How the editor's shapes look over the map: mine orange, neighbours thin and dark, mistakes red.
import { MultiPoint } from "ol/geom.js";
import { Circle, Fill, Stroke, Style } from "ol/style.js";

export const MINE = "#c2410c";
export const THEIRS = "#1d4ed8";
const WRONG = "#b00020";
const DOUBTFUL = "#b45309";
export const isCoarse = window.matchMedia("(pointer: coarse)").matches;

const round = (radius, fill, stroke, width = 2) =>
  new Circle({ radius, fill: new Fill({ color: fill }), stroke: new Stroke({ color: stroke, width }) });

/** Every corner of a shape as one MultiPoint. */
function corners(feature) {
  const geometry = feature.getGeometry();
  const stride = geometry.getStride();
  const flat = geometry.getFlatCoordinates();
  const places = [];
  for (let at = 0; at < flat.length; at += stride) {
    places.push([flat[at], flat[at + 1]]);
  }
  return new MultiPoint(places);
}

const pin = round(9, MINE, "#fff", 3);
const shapes = [
  new Style({ stroke: new Stroke({ color: "#fff", width: 5 }) }),
  new Style({ fill: new Fill({ color: "rgba(249,115,22,.16)" }), stroke: new Stroke({ color: MINE, width: 2.4 }), image: pin }),
];
const handles = new Style({ geometry: corners, image: round(isCoarse ? 6.5 : 4.5, "#fff", MINE) });

export function workStyle(feature, resolution) {
  // Far away the corners would hide the shape.
  const few = feature.getGeometry().getFlatCoordinates().length < 1200 || resolution < 1.5;
  return feature.getGeometry().getType() !== "Point" && few ? [...shapes, handles] : shapes;
}

export const selectedStyle = new Style({ zIndex: 9, image: round(isCoarse ? 10 : 8, "#facc15", "#1d2520", 2.5) });

/** What follows the pointer: over an edge it would become a corner. */
export const pointerStyle = new Style({ image: round(isCoarse ? 10 : 7, "rgba(250,204,21,.85)", "#1d2520", 1.6) });

export function sketchStyle(feature) {
  if (feature.getGeometry().getType() === "Point") {
    return pointerStyle;
  }
  return [
    new Style({ stroke: new Stroke({ color: "#fff", width: 5 }) }),
    new Style({ fill: new Fill({ color: "rgba(249,115,22,.14)" }), stroke: new Stroke({ color: MINE, width: 2.4, lineDash: [8, 5] }) }),
    handles,
  ];
}

export const cutStyle = [
  new Style({ stroke: new Stroke({ color: "#fff", width: 6 }) }),
  new Style({ stroke: new Stroke({ color: "#7e22ce", width: 3, lineDash: [2, 6], lineCap: "round" }) }),
];

const edge = new Style({ stroke: new Stroke({ color: "rgba(29,37,32,.62)", width: 1.2 }) });
const border = new Style({ stroke: new Stroke({ color: "rgba(96,84,72,.8)", width: 1.6, lineDash: [8, 4] }) });
const ends = new Style({ geometry: corners, image: round(2.4, "#fff", "rgba(29,37,32,.7)", 1.2) });
const chosen = [
  new Style({ fill: new Fill({ color: "rgba(126,34,206,.28)" }), stroke: new Stroke({ color: "#7e22ce", width: 3 }) }),
];

export function neighbourStyle(feature, resolution) {
  if (feature.get("chosen")) {
    return chosen;
  }
  if (feature.get("layer") === "administrative-units") {
    return border;
  }
  return resolution < 1.3 ? [edge, ends] : edge;
}

/** A place where something is wrong. */
export function problemStyle(feature) {
  const colour = feature.get("severity") === "warning" ? DOUBTFUL : WRONG;
  return [
    new Style({
      zIndex: 7,
      fill: new Fill({ color: feature.get("severity") === "warning" ? "rgba(180,83,9,.35)" : "rgba(176,0,32,.42)" }),
      stroke: new Stroke({ color: colour, width: 2.6 }),
      image: round(9, "rgba(255,255,255,.4)", colour, 3.5),
    }),
  ];
}

/** One of two versions of a shape: colour and line differ, so that neither hides the other. */
export function versionStyle(feature) {
  const mine = feature.get("side") === "mine";
  const colour = mine ? MINE : THEIRS;
  return [
    new Style({ stroke: new Stroke({ color: "rgba(255,255,255,.85)", width: mine ? 6 : 5 }) }),
    new Style({
      fill: new Fill({ color: mine ? "rgba(194,65,12,.14)" : "rgba(29,78,216,.14)" }),
      stroke: new Stroke({ color: colour, width: 2.8, lineDash: mine ? undefined : [9, 6] }),
      image: round(8, colour, "#fff", 2.5),
    }),
  ];
}

