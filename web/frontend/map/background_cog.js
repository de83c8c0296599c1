// An orthophoto as Cloud-Optimised GeoTIFF: only the pieces that are seen are fetched, by HTTP Range.
import { fromUrl } from "geotiff";
import WebGLTileLayer from "ol/layer/WebGLTile.js";
import { get as getProjection, transformExtent } from "ol/proj.js";
import { register } from "ol/proj/proj4.js";
import GeoTIFF from "ol/source/GeoTIFF.js";
import proj4 from "proj4";
import { asText } from "./background_layers.js";

let registered = false;

function knowSystems(projections) {
  if (!registered) {
    proj4.defs(Object.entries(projections));
    register(proj4);
    registered = true;
  }
}

/** The system that the file names, by its EPSG code. */
function systemOf(image) {
  const keys = image.getGeoKeys() ?? {};
  const code = keys.ProjectedCSTypeGeoKey ?? keys.GeographicTypeGeoKey;
  return code && code !== 32767 ? `EPSG:${code}` : null;
}

/** Red, green, blue of a file that has more: a fourth band of infrared is no opacity. */
function bandsOf(image) {
  const count = image.getSamplesPerPixel();
  const hasAlpha = image.fileDirectory.hasTag?.("ExtraSamples") ?? count === 4;
  return count > 4 || (count === 4 && !hasAlpha) ? [1, 2, 3] : undefined;
}

/** Whether a piece can be fetched without the rest: tiles, and smaller pictures for looking from afar. */
function isOptimised(image, count) {
  const small = image.getWidth() * image.getHeight() < 2048 * 2048;
  return small || (image.isTiled && count > 1);
}

export async function makeCog(item, options, { projections, words }) {
  if (!document.createElement("canvas").getContext("webgl2")) {
    throw new Error(words.backgroundNoWebGL);
  }
  knowSystems(projections);
  const file = await fromUrl(item.address);
  const image = await file.getImage();
  const system = systemOf(image);
  if (!system) {
    throw new Error(words.backgroundNoSystem);
  }
  const projection = getProjection(system);
  if (!projection) {
    throw new Error(words.backgroundUnknownSystem.replace("{system}", system));
  }
  const source = new GeoTIFF({
    sources: [{ url: item.address, bands: bandsOf(image) }],
    convertToRGB: "auto",
    projection,
    attributions: asText(item.attribution),
    transition: 0,
  });
  const view = await source.getView();
  const extent = transformExtent(view.extent, projection, "EPSG:3857", 8);
  const warning = isOptimised(image, await file.getImageCount()) ? null : words.backgroundNotOptimised;
  return { layer: new WebGLTileLayer({ ...options, source, extent }), extent, warning };
}
