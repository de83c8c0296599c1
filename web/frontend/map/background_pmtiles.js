// A PMTiles archive of pictures or of vector tiles, fetched piece by piece.
import MVT from "ol/format/MVT.js";
import TileLayer from "ol/layer/Tile.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { transformExtent } from "ol/proj.js";
import ImageTile from "ol/source/ImageTile.js";
import VectorTile from "ol/source/VectorTile.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { PMTiles, TileType } from "pmtiles";
import { asText } from "./background_layers.js";

// Nobody says how foreign vector tiles should look: calm lines on what the layer seems to be.
const LOOKS = [
  [/water|river|lake|nuoc|song|ho/, "#a9c9de", "rgba(176,208,228,.7)"],
  [/road|street|transport|duong|giao/, "#b9a98f", null],
  [/build|nha/, "#b8aea4", "rgba(205,198,190,.6)"],
  [/forest|wood|landcover|rung|park/, "#b5c8a4", "rgba(205,221,190,.5)"],
  [/contour|dong_muc|binh_do/, "#c9ad86", null],
];
const styles = new Map();

function styleOf(feature) {
  const layer = String(feature.get("layer")).toLowerCase();
  if (!styles.has(layer)) {
    const [, line, fill] = LOOKS.find(([pattern]) => pattern.test(layer)) ?? [null, "#a3a39a", null];
    styles.set(
      layer,
      new Style({
        stroke: new Stroke({ color: line, width: 1.2 }),
        fill: fill ? new Fill({ color: fill }) : undefined,
        image: new CircleStyle({ radius: 2.5, fill: new Fill({ color: line }) }),
      }),
    );
  }
  return styles.get(layer);
}

function vectorSource(archive, header, common) {
  const format = new MVT({ layerName: "layer" });
  return new VectorTile({
    ...common,
    format,
    url: "{z}/{x}/{y}",
    tileLoadFunction(tile) {
      const [z, x, y] = tile.getTileCoord();
      tile.setLoader(async (extent, _resolution, featureProjection) => {
        try {
          const found = await archive.getZxy(z, x, y);
          tile.setFeatures(found ? format.readFeatures(found.data, { extent, featureProjection }) : []);
        } catch {
          tile.setState(3);
        }
      });
    },
  });
}

function imageSource(archive, header, common) {
  return new ImageTile({
    ...common,
    async loader(z, x, y, { signal }) {
      const found = await archive.getZxy(z, x, y, signal);
      if (!found) {
        return document.createElement("canvas");
      }
      return createImageBitmap(new Blob([found.data]));
    },
  });
}

export async function makePMTiles(item, options) {
  const archive = new PMTiles(new URL(item.address, window.location).href);
  const header = await archive.getHeader();
  const isVector = header.tileType === TileType.Mvt;
  const common = {
    attributions: asText(item.attribution),
    minZoom: Math.max(item.minZoom, header.minZoom),
    maxZoom: Math.min(item.maxZoom, header.maxZoom),
    transition: 0,
  };
  const box = [header.minLon, Math.max(header.minLat, -85), header.maxLon, Math.min(header.maxLat, 85)];
  const isSomewhere = box[2] - box[0] < 180 && box[2] > box[0];
  const extent = isSomewhere ? transformExtent(box, "EPSG:4326", "EPSG:3857") : null;
  const made = { ...options, extent: extent ?? undefined };
  const layer = isVector
    ? new VectorTileLayer({ ...made, source: vectorSource(archive, header, common), style: styleOf })
    : new TileLayer({ ...made, source: imageSource(archive, header, common) });
  return { layer, extent };
}
