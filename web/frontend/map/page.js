// The map page: puts layers, panel, search and card together, and calls the parts that only some get.
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import { transformExtent } from "ol/proj.js";
import { readAddress, keepAddress } from "./address.js";
import { makeLayers, reload } from "./layers.js";
import { wirePanel } from "./panel.js";
import { wirePicking } from "./picking.js";
import { wireSearch } from "./search.js";
import { say, settings, words } from "./settings.js";
import { styleOf } from "./style.js";

// What is loaded only when the server put its place (an element of this id) into the page.
const PARTS = {
  "map-backgrounds": (context) => import("./backgrounds.js").then((part) => part.wireBackgrounds(context)),
  "map-sheets": (context) => import("./sheets.js").then((part) => part.wireSheets(context)),
  "map-table": (context) => import("./table.js").then((part) => part.wireTable(context)),
  "map-history": (context) => import("./history.js").then((part) => part.wireHistory(context)),
  "map-editor": (context) => import("./edit/session.js").then((part) => part.wireEditor(context)),
};

function makeState() {
  const hidden = new Set();
  // `picked` and `over` are ids as tiles have them here: `layer/id`. While something is
  // edited, `busy` is set, and `editing` is its id where it is not new.
  const state = {
    crop: null,
    picked: null,
    over: null,
    busy: false,
    editing: null,
    shows: (layer) => !hidden.has(layer),
    show: (layer, on) => (on ? hidden.delete(layer) : hidden.add(layer)),
    isPicked: (feature) => state.picked !== null && state.picked === feature.getId(),
    isOver: (feature) => state.over !== null && state.over === feature.getId(),
  };
  return state;
}

/** Who listens to what happens on the map: `picked`, `dropped`, `changed`; `aside`: one opens, the others close. */
function makeEvents() {
  const listeners = new Map();
  return {
    on: (name, listen) => void listeners.set(name, [...(listeners.get(name) ?? []), listen]),
    emit: (name, data) => (listeners.get(name) ?? []).forEach((listen) => listen(data)),
  };
}

export function start() {
  const state = makeState();
  const { on, emit } = makeEvents();
  const message = document.getElementById("map-message");
  const map = new OlMap({
    target: document.getElementById("map"),
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

  openView(map);
  keepAddress(map);
  const panel = wirePanel({
    onLayer(name, shown) {
      if (switched[name]) {
        switched[name].forEach((layer) => layer.setVisible(shown));
      } else {
        state.show(name, shown);
        everyone.changed();
      }
    },
    onCrop(crop) {
      state.crop = crop;
      everyone.changed();
      emit("crop", crop);
    },
  });

  function complain(sentence) {
    message.textContent = sentence;
  }

  const { pick, drop, redraw } = wirePicking({ map, state, layers, switched, panel, complain, emit });

  function go(layer, id, box, options = {}) {
    const extent = transformExtent(box, "EPSG:4326", "EPSG:3857");
    map.getView().fit(extent, { padding: panel.padding(), maxZoom: 16, duration: 350 });
    panel.show(layer);
    return pick(layer, id, options);
  }

  /** Draw a layer again after a change of its features. */
  function refresh(layer) {
    reload(switched[layer] ?? [everyone]);
  }

  wireSearch((item) => {
    if (item.is_former) {
      panel.turnOn("former-units");
    }
    go(item.layer, item.id, item.bbox);
  });

  const context = { map, state, layers, everyone, switched, settings, words, say, panel, complain, pick, drop, go, refresh, redraw, on, emit };
  wireParts(context).then(() => {
    openAsked(go);
    // Every part listens, and what it brought is drawn: a key pressed from now on is heard.
    map.once("rendercomplete", () => {
      document.body.dataset.ready = "true";
    });
    map.render();
  });
  // For tests and for people who look behind: what is drawn here.
  window.langbiang = { map, styleOf };
}

/** Load and start the parts of this page; one that fails says so and leaves the others alone. */
async function wireParts(context) {
  const present = Object.keys(PARTS).filter((id) => document.getElementById(id));
  await Promise.all(
    present.map(async (id) => {
      try {
        await PARTS[id](context);
      } catch (error) {
        context.complain(words.failed);
        // Seen in the browser's console and by the tests.
        reportError(error);
      }
    }),
  );
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
