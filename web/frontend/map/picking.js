// What lies under the pointer, and what happens when it is picked.
import { transformExtent } from "ol/proj.js";
import { fillCard, fillSummary } from "./card.js";
import { decimal, number, say, settings, words } from "./settings.js";
import { sharesOf } from "./style.js";

// What may be picked, the uppermost first; the ground comes last.
const PICKED_FIRST = ["applications", "facilities", "tracks", "growing-areas", "high-tech-zones", "parcels", "administrative-units"];
const SUMMARIES = {
  "growing-areas-summary": "summary",
  "facilities-summary": "sites",
  "parcels-summary": "parcels",
};
const REACH_PX = 5;

/** Wire clicks, the pointer and the keys of the map; gives `pick`, `drop` and `redraw`. */
export function wirePicking({ map, state, layers, switched, panel, complain, emit }) {
  const target = map.getTargetElement();
  const card = document.getElementById("map-card");
  const canvasLayers = layers.filter((layer) => typeof layer.getFeatures === "function");
  const redraw = () => canvasLayers.forEach((layer) => layer.changed());

  function drop() {
    const had = state.picked;
    if (had) {
      state.picked = null;
      redraw();
    }
    card.hidden = true;
    panel.settle();
    if (had) {
      emit("dropped");
    }
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
      emit("picked", { layer, id: feature.id, feature });
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

  // While something is being edited (`state.busy`), the pointer and the keys are the editor's.
  map.on("singleclick", (event) => {
    if (!state.busy) {
      pickAt(event.pixel, {});
    }
  });
  map.on("pointermove", (event) => {
    if (event.dragging || event.originalEvent.pointerType === "touch") {
      return;
    }
    const feature = state.busy ? undefined : found(event.pixel);
    const layer = feature?.get("layer");
    target.classList.toggle("map-pointing", Boolean(feature) && layer !== "administrative-units");
    const over = feature?.getId() ?? null;
    if (over !== state.over) {
      state.over = over;
      redraw();
    }
  });
  target.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !state.busy) {
      const [width, height] = map.getSize();
      pickAt([width / 2, height / 2], { focus: true });
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !card.hidden && !state.busy && !event.defaultPrevented) {
      drop();
      target.focus();
    }
  });

  return { pick, drop, redraw };
}
