// The map page: puts layers, panel, search and card together.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import { transformExtent } from "ol/proj.js";
import { readAddress, keepAddress } from "./address.js";
import { fillCard, fillSummary } from "./card.js";
import { makeLayers } from "./layers.js";
import { wirePanel } from "./panel.js";
import { wireSearch } from "./search.js";
import { decimal, number, say, settings, words } from "./settings.js";
import { sharesOf, styleOf } from "./style.js";

// What may be picked, the uppermost first; the ground comes last.
const PICKED_FIRST = ["applications", "facilities", "tracks", "growing-areas", "high-tech-zones", "parcels", "administrative-units"];
const SUMMARIES = {
  "growing-areas-summary": "summary",
  "facilities-summary": "sites",
  "parcels-summary": "parcels",
};
const REACH_PX = 5;

function makeState() {
  const hidden = new Set();
  // `picked` and `over` are ids as tiles have them here: `layer/id`.
  const state = {
    crop: null,
    picked: null,
    over: null,
    shows: (layer) => !hidden.has(layer),
    show: (layer, on) => (on ? hidden.delete(layer) : hidden.add(layer)),
    isPicked: (feature) => state.picked !== null && state.picked === feature.getId(),
    isOver: (feature) => state.over !== null && state.over === feature.getId(),
  };
  return state;
}

export function start() {
  const state = makeState();
  const target = document.getElementById("map");
  const card = document.getElementById("map-card");
  const message = document.getElementById("map-message");
  const map = new OlMap({
    target,
    controls: [
      new Zoom({ zoomInTipLabel: words.zoomIn, zoomOutTipLabel: words.zoomOut, zoomOutLabel: "−" }),
      new ScaleLine({ minWidth: 70 }),
      new Attribution({ collapsible: false }),
    ],
    interactions: defaultInteractions(),
    view: new View({ minZoom: 5, maxZoom: 20, enableRotation: false, constrainResolution: false }),
  });
  const { layers, everyone, switched } = makeLayers(map, state);
  for (const layer of layers) {
    map.addLayer(layer);
  }
  const canvasLayers = layers.filter((layer) => typeof layer.getFeatures === "function");
  const redraw = () => canvasLayers.forEach((layer) => layer.changed());

  openView(map);
  keepAddress(map);
  const panel = wirePanel({
    onLayer(name, on) {
      if (switched[name]) {
        switched[name].forEach((layer) => layer.setVisible(on));
      } else {
        state.show(name, on);
        everyone.changed();
      }
    },
    onCrop(crop) {
      state.crop = crop;
      everyone.changed();
    },
  });

  function complain(sentence) {
    message.textContent = sentence;
  }

  function drop() {
    if (state.picked) {
      state.picked = null;
      redraw();
    }
    card.hidden = true;
    panel.settle();
  }

  async function pick(layer, id, options = {}) {
    const picked = `${layer}/${id}`;
    state.picked = picked;
    redraw();
    try {
      const answer = await fetch(`${settings.items.replace("{layer}", layer)}/${id}`, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) {
        throw new Error(answer.statusText);
      }
      const feature = await answer.json();
      if (state.picked !== picked) {
        return;
      }
      complain("");
      fillCard(card, layer, id, feature.properties, () => {
        drop();
        target.focus();
      });
      panel.settle();
      if (options.focus) {
        card.focus();
      }
    } catch {
      complain(words.failed);
    }
  }

  function found(pixel) {
    const hits = [];
    map.forEachFeatureAtPixel(pixel, (feature) => void hits.push(feature), {
      hitTolerance: REACH_PX,
      layerFilter: (layer) => canvasLayers.includes(layer),
    });
    const rank = (feature) => {
      const at = PICKED_FIRST.indexOf(feature.get("layer"));
      return at < 0 ? (SUMMARIES[feature.get("layer")] ? 3.5 : 99) : at;
    };
    return hits.filter((feature) => rank(feature) < 99).sort((a, b) => rank(a) - rank(b))[0];
  }

  async function pickParcel(pixel) {
    // The graphics card draws parcels and cannot say which one was hit: the server can.
    const around = [
      [pixel[0] - 1, pixel[1] + 1],
      [pixel[0] + 1, pixel[1] - 1],
    ].flatMap((corner) => map.getCoordinateFromPixel(corner));
    const box = transformExtent(around, "EPSG:3857", "EPSG:4326").map((value) => value.toFixed(7));
    const answer = await fetch(`${settings.items.replace("{layer}", "parcels")}?limit=1&bbox=${box.join(",")}`);
    const { features } = answer.ok ? await answer.json() : { features: [] };
    return features[0]?.id;
  }

  async function pickAt(pixel, options) {
    const feature = found(pixel);
    const layer = feature?.get("layer");
    const drawnByCard = switched.parcels?.[0].getVisible() && switched.parcels.length > 1 && map.getView().getZoom() < 16;
    if (drawnByCard && (!feature || layer === "administrative-units")) {
      const id = map.getView().getZoom() >= 13 ? await pickParcel(pixel) : undefined;
      if (id !== undefined) {
        pick("parcels", id, options);
        return;
      }
    }
    if (!feature) {
      drop();
    } else if (SUMMARIES[layer]) {
      state.picked = null;
      openSummary(feature, map.getCoordinateFromPixel(pixel));
    } else {
      pick(layer, feature.getId().split("/")[1], options);
    }
  }

  function openSummary(feature, place) {
    drop();
    const layer = feature.get("layer");
    const parts = { count: number(feature.get("count")), area: decimal(feature.get("area_ha") ?? 0) };
    const shares = layer === "growing-areas-summary" ? sharesOf(feature) : [];
    fillSummary(card, say(SUMMARIES[layer], parts), shares, {
      close: drop,
      nearer() {
        drop();
        map.getView().animate({ center: place, zoom: Math.max(13, map.getView().getZoom() + 2), duration: 350 });
      },
    });
    panel.settle();
  }

  map.on("singleclick", (event) => pickAt(event.pixel, {}));
  map.on("pointermove", (event) => {
    if (event.dragging || event.originalEvent.pointerType === "touch") {
      return;
    }
    const feature = found(event.pixel);
    const layer = feature?.get("layer");
    target.classList.toggle("map-pointing", Boolean(feature) && layer !== "administrative-units");
    const over = feature?.getId() ?? null;
    if (over !== state.over) {
      state.over = over;
      redraw();
    }
  });
  target.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const [width, height] = map.getSize();
      pickAt([width / 2, height / 2], { focus: true });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !card.hidden) {
      drop();
      target.focus();
    }
  });

  function go(layer, id, box) {
    const extent = transformExtent(box, "EPSG:4326", "EPSG:3857");
    map.getView().fit(extent, { padding: panel.padding(), maxZoom: 16, duration: 350 });
    panel.show(layer);
    pick(layer, id, {});
  }
  wireSearch((item) => {
    if (item.is_former) {
      panel.turnOn("former-units");
    }
    go(item.layer, item.id, item.bbox);
  });
  openAsked(go);

  map.once("rendercomplete", () => {
    document.body.dataset.ready = "true";
  });
  // For tests and for people who look behind: what is drawn here.
  window.langbiang = { map, styleOf };
}

/** Open where the address says, else on Lạc Dương and Đơn Dương. */
function openView(map) {
  const view = map.getView();
  const asked = readAddress();
  if (asked) {
    view.setZoom(asked.zoom);
    view.setCenter(asked.center);
    return;
  }
  const wide = window.matchMedia("(min-width: 800px)").matches;
  view.fit(transformExtent(settings.extent, "EPSG:4326", "EPSG:3857"), {
    size: map.getSize(),
    padding: wide ? [20, 24, 28, 392] : [76, 12, 96, 12],
  });
}

/** `?chon=growing-areas/5` opens on one thing: other pages link to the map so. */
async function openAsked(go) {
  const asked = new URLSearchParams(window.location.search).get("chon");
  const [, layer, id] = /^([a-z-]+)\/(\d+)$/.exec(asked ?? "") ?? [];
  if (!layer) {
    return;
  }
  const answer = await fetch(`${settings.items.replace("{layer}", layer)}/${id}`, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) {
    return;
  }
  const { geometry } = await answer.json();
  const numbers = geometry.coordinates.flat(Number.POSITIVE_INFINITY);
  const xs = numbers.filter((_, at) => at % 2 === 0);
  const ys = numbers.filter((_, at) => at % 2 === 1);
  const lowest = (values) => values.reduce((a, b) => Math.min(a, b));
  const highest = (values) => values.reduce((a, b) => Math.max(a, b));
  go(layer, Number(id), [lowest(xs), lowest(ys), highest(xs), highest(ys)]);
}
