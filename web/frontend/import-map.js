// What a file would do, drawn over the map: new, changed, unchanged and refused shapes.
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import GeoJSON from "ol/format/GeoJSON.js";
import MVT from "ol/format/MVT.js";
import { defaults } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import Map from "ol/Map.js";
import { transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import { Circle, Fill, Stroke, Style, Text } from "ol/style.js";
import View from "ol/View.js";

const settings = JSON.parse(document.getElementById("import-settings").textContent);
const { words } = settings;
const target = document.getElementById("import-map");
const picked = document.getElementById("picked");
// Line, fill, order: the colours of the legend, and a dash for who cannot tell them apart.
const LOOKS = {
  unchanged: ["#5f6b64", "rgb(95 107 100 / 18%)", 1],
  new: ["#14532d", "rgb(22 120 60 / 28%)", 2],
  changed: ["#b45309", "rgb(217 119 6 / 30%)", 3, [8, 4]],
  rejected: ["#a4161a", "rgb(190 30 40 / 25%)", 4, [3, 4]],
};
let chosen = null;

function tiles(layer, style, minZoom = 0) {
  return new VectorTileLayer({
    declutter: true,
    minZoom,
    style,
    source: new VectorTileSource({ format: new MVT(), url: settings.tiles.replace("{layer}", layer), maxZoom: 14 }),
  });
}

const commune = new Style({
  stroke: new Stroke({ color: "#8d9a70", width: 1.2 }),
  fill: new Fill({ color: "#f6f3e9" }),
  text: new Text({ font: "600 14px system-ui, sans-serif", fill: new Fill({ color: "#3d5a26" }), stroke: new Stroke({ color: "#fff", width: 3 }), overflow: true }),
});
const area = new Style({ stroke: new Stroke({ color: "#9aa09c", width: 1 }), fill: new Fill({ color: "rgb(120 130 125 / 12%)" }) });

function styleOf(feature) {
  const [line, fill, zIndex, lineDash] = LOOKS[feature.get("state")];
  const isChosen = feature === chosen;
  const stroke = new Stroke({ color: line, width: isChosen ? 4 : 2, lineDash });
  return new Style({
    zIndex: isChosen ? 9 : zIndex,
    stroke,
    fill: new Fill({ color: fill }),
    image: new Circle({ radius: isChosen ? 8 : 5, fill: new Fill({ color: fill.replace(/\d+%/, "75%") }), stroke }),
  });
}

const source = new VectorSource();
const sample = new VectorLayer({ source, style: styleOf });
const map = new Map({
  target,
  layers: [
    tiles("administrative-units", (feature) => {
      commune.getText().setText(feature.get("name") ?? "");
      return commune;
    }),
    tiles("growing-areas", area, 11),
    sample,
  ],
  interactions: defaults({ onFocusOnly: false }),
  controls: [new Zoom({ zoomInTipLabel: words.zoomIn, zoomOutTipLabel: words.zoomOut, zoomOutLabel: "−" }), new ScaleLine({ minWidth: 60 })],
  view: new View({ maxZoom: 20, enableRotation: false }),
});
const fit = (extent) => map.getView().fit(extent, { padding: [30, 30, 30, 30], maxZoom: 16 });
fit(transformExtent(settings.bounds, "EPSG:4326", "EPSG:3857"));

function choose(feature) {
  chosen = feature;
  sample.changed();
  if (!feature) {
    picked.textContent = "";
    return;
  }
  const state = feature.get("state");
  const parts = [words.row.replace("{row}", feature.get("row")), words[state], settings.reasons[feature.get("name")] ?? feature.get("name")];
  picked.textContent = parts.filter(Boolean).join(" · ");
}

map.on("singleclick", (event) => {
  choose(map.forEachFeatureAtPixel(event.pixel, (feature) => feature, { layerFilter: (layer) => layer === sample, hitTolerance: 6 }) ?? null);
});

async function load() {
  const answer = await fetch(settings.sample, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) {
    picked.textContent = words.failed;
    return;
  }
  const features = new GeoJSON().readFeatures(await answer.json(), { featureProjection: "EPSG:3857" });
  source.addFeatures(features.filter((feature) => feature.getGeometry()));
  // Only what is drawn can be shown: rows without a place have none to go to.
  for (const button of document.querySelectorAll("[data-row]")) {
    const feature = source.getFeatureById(Number(button.dataset.row));
    button.disabled = !feature;
    button.addEventListener("click", () => {
      choose(feature);
      fit(feature.getGeometry().getExtent());
      target.scrollIntoView({ block: "center", behavior: "smooth" });
    });
  }
  document.body.dataset.ready = "";
}

load();
