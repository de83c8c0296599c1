// Layers from the administrator's list: tiles at an address, PMTiles, orthophotos as COG. What few
// backgrounds need (PMTiles, GeoTIFF) is loaded when the first of them is shown.
import TileLayer from "ol/layer/Tile.js";
import { createXYZ } from "ol/tilegrid.js";
import XYZ from "ol/source/XYZ.js";

/** Attributions are text that people typed; OpenLayers takes HTML. */
export function asText(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}

/** The hosts behind `{a-c}` in an address. */
export function expand(address) {
  const range = /\{([a-z0-9])-([a-z0-9])\}/.exec(address);
  if (!range) {
    return [address];
  }
  const [first, last] = [range[1].charCodeAt(0), range[2].charCodeAt(0)];
  return Array.from({ length: last - first + 1 }, (_, at) => address.replace(range[0], String.fromCharCode(first + at)));
}

function tiles(item) {
  const addresses = expand(item.address);
  const common = { attributions: asText(item.attribution), minZoom: item.minZoom, maxZoom: item.maxZoom, transition: 150 };
  if (item.kind === "xyz") {
    return new XYZ({ ...common, urls: addresses });
  }
  // WMTS by template: the set of tiles must be GoogleMapsCompatible (WebMercatorQuad).
  return new XYZ({
    ...common,
    tileGrid: createXYZ({ minZoom: item.minZoom, maxZoom: item.maxZoom }),
    tileUrlFunction: ([z, x, y]) =>
      addresses[(x + y) % addresses.length].replace("{TileMatrix}", z).replace("{TileRow}", y).replace("{TileCol}", x),
  });
}

/**
 * Make the layer of a background.
 *
 * Resolves to `{layer, extent}`; `extent` is in EPSG:3857, or null where the background is
 * everywhere. Rejects with an error whose message says why it cannot be shown; `failed` is called
 * when pieces of it do not come later on.
 */
export async function makeBackground(item, { projections, words, failed }) {
  // A canvas of its own: foreign pictures may be drawn on it, never read back.
  const options = { className: `map-background map-background-${item.id}`, opacity: item.opacity };
  if (item.kind === "cog") {
    return (await import("./background_cog.js")).makeCog(item, options, { projections, words });
  }
  if (item.kind === "pmtiles") {
    return (await import("./background_pmtiles.js")).makePMTiles(item, options);
  }
  const source = tiles(item);
  let came = 0;
  let lost = 0;
  source.on("tileloadend", () => {
    came += 1;
  });
  source.on("tileloaderror", () => {
    lost += 1;
    if (!came && lost === 4) {
      failed(new Error(new URL(item.address.replace(/\{.*?\}/g, "0"), window.location).host));
    }
  });
  return { layer: new TileLayer({ ...options, source, minZoom: item.minZoom ? item.minZoom - 0.01 : undefined }), extent: null };
}
