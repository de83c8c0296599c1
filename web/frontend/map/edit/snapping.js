// The neighbours of what is edited, exactly as they are stored: borders are shared by snapping to
// their corners and edges. Tiles will not do: their corners are rounded to the pixel.
import VectorLayer from "ol/layer/Vector.js";
import Snap from "ol/interaction/Snap.js";
import { transformExtent } from "ol/proj.js";
import { buffer, containsExtent, getHeight, getWidth } from "ol/extent.js";
import VectorSource from "ol/source/Vector.js";
import { isCoarse, neighbourStyle } from "./looks.js";
import { readBox } from "./server.js";
import { readFeatures } from "./work.js";

const NEAR_ZOOM = 16;
const REACH_PX = isCoarse ? 18 : 11;

function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

export class Neighbours {
  /** @param {import("ol/Map.js").default} map @param {string[]} layers ids @param {(near: boolean) => void} told */
  constructor(map, layers, told) {
    Object.assign(this, { map, told, on: true, active: false, loaded: null, asked: 0, except: null });
    this.layers = layers;
    this.source = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, style: neighbourStyle, minZoom: 15, zIndex: 20, renderBuffer: 40 });
    this.moved = () => this.load();
  }

  /** Begin beside the feature `except` ("layer/id"), which is not its own neighbour. */
  start(except) {
    this.except = except;
    this.active = true;
    this.map.addLayer(this.layer);
    this.map.on("moveend", this.moved);
    return this.load();
  }

  stop() {
    this.active = false;
    this.map.removeLayer(this.layer);
    this.map.un("moveend", this.moved);
    this.forget();
  }

  /** Read them again at the next view: somebody changed them. */
  forget() {
    this.loaded = null;
    this.asked += 1;
    this.source.clear();
    delete this.map.getTargetElement().dataset.neighbours;
  }

  async load() {
    const near = this.map.getView().getZoom() >= NEAR_ZOOM - 0.01;
    this.told(near);
    const view = this.map.getView().calculateExtent();
    if (!near || (this.loaded && containsExtent(this.loaded, view))) {
      return;
    }
    const wide = buffer(view, Math.max(getWidth(view), getHeight(view)) * 0.25);
    const box = transformExtent(wide, "EPSG:3857", "EPSG:4326");
    const turn = ++this.asked;
    // For tests: a click that came sooner would find nothing to snap to.
    const { dataset } = this.map.getTargetElement();
    dataset.neighbours = "asked";
    const answers = await Promise.allSettled([
      ...this.layers.map(async (layer) => [layer, await readBox(layer, box)]),
      readBox("administrative-units", box, `&datetime=${today()}`).then((found) => ["administrative-units", found]),
    ]);
    if (!this.active || turn !== this.asked) {
      return;
    }
    const found = answers
      .filter((answer) => answer.status === "fulfilled")
      .flatMap(({ value: [layer, collection] }) =>
        readFeatures(collection).map((feature) => {
          feature.set("id", feature.getId());
          feature.set("layer", layer);
          feature.setId(`${layer}/${feature.getId()}`);
          return feature;
        }),
      )
      .filter((feature) => feature.getId() !== this.except && feature.getGeometry()?.getType() !== "Point");
    const kept = new Set(this.source.getFeatures().filter((one) => one.get("chosen")).map((one) => one.getId()));
    found.filter((feature) => kept.has(feature.getId())).forEach((feature) => feature.set("chosen", true));
    this.source.clear(true);
    this.source.addFeatures(found);
    this.loaded = answers.every((answer) => answer.status === "fulfilled") ? wide : null;
    dataset.neighbours = "known";
  }

  /** An interaction that draws the pointer to corners and edges; it must be the last one added. */
  interaction(more = []) {
    const sources = this.on ? [this.source, ...more] : more;
    return sources.map((source) => new Snap({ source, pixelTolerance: REACH_PX, intersection: source === this.source }));
  }
}
