// Sources and layers of the map. What everybody sees comes in one tile request; what is switched on
// (former units, layers of a role) has a source of its own.
import MVT from "ol/format/MVT.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import WebGLVectorTileLayer from "ol/layer/WebGLVectorTile.js";
import RenderFeature from "ol/render/Feature.js";
import VectorTileSource from "ol/source/VectorTile.js";
import { settings, words } from "./settings.js";
import { formerStyleOf, parcelFlatStyle, styleOf } from "./style.js";

// A tile of zoom 16 resolves 15 cm; deeper views draw it larger.
const DEEPEST_TILE = 16;
// Below it parcels are drawn by the graphics card, from it on by canvas, where they can be edited.
const WEBGL_BELOW = 16;

/**
 * MVT whose ids are `layer/id`: a commune and a facility may have the same number, and OpenLayers
 * finds under a pixel only one feature of each id.
 */
class LayeredMVT extends MVT {
  readFeatures(data, options) {
    return super.readFeatures(data, options).map((feature) => {
      const id = feature.getId();
      return new RenderFeature(
        feature.getType(),
        feature.getFlatCoordinates(),
        feature.getEnds(),
        feature.getStride(),
        feature.getProperties(),
        id === undefined ? undefined : `${feature.get("layer")}/${id}`,
      );
    });
  }
}

function source(query) {
  return new VectorTileSource({
    format: new LayeredMVT({ layerName: "layer" }),
    url: `${settings.tiles}?${query}`,
    maxZoom: DEEPEST_TILE,
    attributions: words.attribution,
    transition: 150,
  });
}

function hasWebGL() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

/** The layers in drawing order, and which of them each switch of the panel turns on. */
export function makeLayers(map, state) {
  const shared = ["administrative-units", "growing-areas", "high-tech-zones", "facilities"];
  // What is being edited is drawn by the editor alone.
  const styled = (feature) => (state.editing && state.editing === feature.getId() ? undefined : styleOf(feature, map.getView().getZoom(), state));
  const canvas = (query, options = {}) =>
    new VectorTileLayer({ source: source(query), style: styled, renderBuffer: 160, ...options });

  const everyone = canvas(`collections=${shared.join(",")}`, { declutter: true, className: "map-main" });
  const former = new VectorTileLayer({
    source: source("collections=administrative-units&datetime=2025-06-30"),
    style: (feature) => formerStyleOf(feature, map.getView().getZoom()),
    declutter: true,
    visible: false,
  });
  const switched = { "former-units": [former] };
  const layers = [everyone, former];
  if (settings.layers.includes("parcels")) {
    const parcels = source("collections=parcels");
    const near = new VectorTileLayer({
      source: parcels,
      style: styled,
      minZoom: hasWebGL() ? WEBGL_BELOW : undefined,
      visible: false,
    });
    switched.parcels = [near];
    if (hasWebGL()) {
      const far = new WebGLVectorTileLayer({
        source: parcels,
        style: parcelFlatStyle(),
        maxZoom: WEBGL_BELOW,
        disableHitDetection: true,
        visible: false,
      });
      switched.parcels.push(far);
      layers.push(far);
    }
    layers.push(near);
  }
  for (const name of ["applications", "tracks"]) {
    if (settings.layers.includes(name)) {
      const layer = canvas(`collections=${name}`, { visible: false });
      switched[name] = [layer];
      layers.push(layer);
    }
  }
  return { layers, everyone, switched };
}

let reloads = 0;

/**
 * Ask for the tiles of these layers again. What is drawn stays until its successor is there: the
 * fragment changes the key of the source, and never reaches the server.
 */
export function reload(layers) {
  reloads += 1;
  for (const source of new Set(layers.map((layer) => layer.getSource()))) {
    const [address] = source.getUrls();
    source.setUrl(`${address.split("#")[0]}#${reloads}`);
  }
}
