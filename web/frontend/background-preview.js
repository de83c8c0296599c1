// A map of backgrounds on the administrator's pages, over it the borders of the communes.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import MVT from "ol/format/MVT.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import { transformExtent } from "ol/proj.js";
import VectorTileSource from "ol/source/VectorTile.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { makeBackground } from "./map/background_layers.js";

const settings = JSON.parse(document.getElementById("background-settings").textContent);
const told = document.getElementById("background-told");
const { words } = settings;

const borders = new VectorTileLayer({
  source: new VectorTileSource({ format: new MVT(), url: settings.tiles, maxZoom: 16 }),
  style: new Style({ stroke: new Stroke({ color: "rgba(20,83,45,.75)", width: 1.2 }) }),
});
const map = new OlMap({
  target: "background-map",
  layers: [borders],
  view: new View({ minZoom: 4, maxZoom: 23, enableRotation: false }),
});
map.getView().fit(transformExtent(settings.extent, "EPSG:4326", "EPSG:3857"));

function fail(item, error) {
  told.textContent = words.backgroundFailed.replace("{name}", item.name).replace("{reason}", error.message);
  told.classList.add("background-wrong");
}

async function show(item, at) {
  try {
    const made = await makeBackground(item, { projections: settings.projections, words, failed: (error) => fail(item, error) });
    made.layer.setZIndex(-1000 + at);
    made.layer.setVisible(item.shown);
    map.addLayer(made.layer);
    if (made.extent && settings.items.length === 1) {
      map.getView().fit(made.extent, { padding: [20, 20, 20, 20] });
    }
    if (made.warning) {
      told.textContent = `${item.name}: ${made.warning}`;
      told.classList.add("background-wrong");
    } else if (!told.textContent) {
      told.textContent = settings.items.some((one) => one.shown) ? words.backgroundShown : words.backgroundNoneShown;
    }
  } catch (error) {
    fail(item, error);
  }
}

Promise.all(settings.items.map(show)).then(() => {
  map.once("rendercomplete", () => {
    document.body.dataset.ready = "true";
  });
  map.render();
});
