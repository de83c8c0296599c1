// Printing: a form, the outline of the sheets on the map, and the PDF when the worker has drawn it.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import VectorLayer from "ol/layer/Vector.js";
import { toLonLat, transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { ask, Refusal } from "./panels/dom.js";
import { decimal, number, say, words } from "./settings.js";

const ADDRESS = "/api/v1/map-sheets";
const byId = (id) => document.getElementById(id);
const ratio = (scale) => `1:${String(scale).replace(/\B(?=(\d{3})+$)/g, ".")}`;

function outlineStyle(feature) {
  const several = feature.get("several");
  return [
    new Style({ zIndex: 98, stroke: new Stroke({ color: "rgba(255,255,255,.85)", width: 5 }) }),
    new Style({
      zIndex: 99,
      fill: new Fill({ color: several ? "rgba(164,22,26,.04)" : "rgba(164,22,26,.02)" }),
      stroke: new Stroke({ color: "#a4161a", width: 2.2, lineDash: [10, 5] }),
      text: several
        ? new Text({ text: String(feature.get("sheet")), font: '700 15px "Source Sans 3", sans-serif', fill: new Fill({ color: "#a4161a" }), stroke: new Stroke({ color: "#fff", width: 4 }) })
        : undefined,
    }),
  ];
}

function size(bytes) {
  return bytes < 1e6 ? `${number(Math.max(1, bytes / 1000))} kB` : `${decimal(bytes / 1e6)} MB`;
}

export function wireSheets(context) {
  const { map, state, panel } = context;
  const aside = byId("map-sheets");
  const form = byId("map-sheets-form");
  const told = byId("map-sheets-plan");
  const button = byId("map-sheets-draw");
  const progress = byId("map-sheets-progress");
  const result = byId("map-sheets-state");
  const file = byId("map-sheets-file");
  const wide = window.matchMedia("(min-width: 800px)");
  const source = new VectorSource();
  const layer = new VectorLayer({ source, style: outlineStyle, zIndex: 90 });
  const opener = byId("map-sheets-open");
  // A newer plan or document makes the answers of older ones void.
  let planned = 0;
  let drawn = 0;
  let timer = 0;

  /** How much of the map the open form covers, in pixels: top, right, bottom, left. */
  function padding() {
    const [top, right, bottom, left] = panel.padding();
    return wide.matches ? [top, aside.offsetWidth + 30, bottom, left] : [top, right, aside.offsetHeight + 20, left];
  }

  /** The part of the map that is seen beside panel and form. */
  function seen() {
    const [width, height] = map.getSize();
    const [, right, bottom, left] = padding();
    const from = map.getCoordinateFromPixel([wide.matches ? left : 0, height - (wide.matches ? 0 : bottom)]);
    const to = map.getCoordinateFromPixel([wide.matches ? width - right : width, 0]);
    return [from[0], from[1], to[0], to[1]];
  }

  function wish() {
    const data = new FormData(form);
    const scale = Number(data.get("scale")) || undefined;
    const body = {
      paper: data.get("paper"),
      orientation: data.get("orientation"),
      scale,
      layers: data.getAll("layers"),
      title: data.get("title")?.trim() || undefined,
    };
    const [what, code] = String(data.get("what")).split(":");
    if (code) {
      body[what] = code;
    } else {
      const box = seen();
      if (scale) {
        body.center = toLonLat([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
      } else {
        body.bbox = transformExtent(box, "EPSG:3857", "EPSG:4326");
      }
    }
    return body;
  }

  function excuse(error) {
    if (!(error instanceof Refusal)) {
      return words.failed;
    }
    return (error.status === 429 && words.sheetTooMany) || words[`sheetWrong-${error.problem.parameter}`] || error.message;
  }

  function tell(sentence, wrong = false) {
    told.textContent = sentence;
    told.classList.toggle("sheets-wrong", wrong);
    button.disabled = wrong;
  }

  async function plan({ fit = false } = {}) {
    const mine = ++planned;
    const body = wish();
    delete body.title;
    try {
      const answer = await ask(`${ADDRESS}/plan`, { method: "POST", body });
      if (mine !== planned || aside.hidden) {
        return;
      }
      const features = new GeoJSON().readFeatures(answer, { featureProjection: "EPSG:3857" });
      features.forEach((feature) => feature.set("several", features.length > 1));
      source.clear();
      source.addFeatures(features.map((feature) => new Feature(feature.getProperties())));
      const parts = {
        paper: body.paper,
        orientation: answer.orientation === "portrait" ? words.sheetPortrait : words.sheetLandscape,
        scale: answer.scales.length > 3 ? `${ratio(answer.scales[0])} – ${ratio(answer.scales.at(-1))}` : answer.scales.map(ratio).join(", "),
        count: number(answer.sheets),
      };
      tell(say(answer.sheets === 1 ? "sheetOne" : "sheetMany", parts));
      if (fit) {
        map.getView().fit(source.getExtent(), { padding: padding(), duration: 350, maxZoom: 17 });
      }
    } catch (error) {
      if (mine === planned) {
        source.clear();
        tell(excuse(error), true);
      }
    }
  }

  function planSoon(options) {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => plan(options), 250);
  }

  function show(sentence, share = null) {
    result.textContent = sentence;
    progress.hidden = share === null;
    if (share !== null && share >= 0) {
      progress.value = share;
    } else {
      progress.removeAttribute("value");
    }
  }

  async function draw() {
    const mine = ++drawn;
    const since = Date.now();
    file.hidden = true;
    button.disabled = true;
    show(words.sheetWaiting, -1);
    try {
      let job = await ask(ADDRESS, { method: "POST", body: wish() });
      while (job.state === "waiting" || job.state === "running") {
        await new Promise((resolve) => window.setTimeout(resolve, Date.now() - since < 15000 ? 700 : 3000));
        if (mine !== drawn) {
          return;
        }
        job = await ask(job.self);
        if (job.state === "running") {
          const { done, of } = job.progress ?? {};
          show(of > 1 ? say("sheetPages", { done, of }) : words.sheetRunning, of > 1 ? done / of : -1);
        } else if (job.state === "waiting" && Date.now() - since > 20000) {
          show(words.sheetSlow, -1);
        }
      }
      if (mine !== drawn) {
        return;
      }
      if (job.state === "failed") {
        show(say("sheetFailed", { error: job.error }));
      } else {
        show("");
        file.href = job.href;
        file.textContent = say("sheetDone", { pages: number(job.pages), size: size(job.bytes) });
        file.hidden = false;
        file.focus();
      }
    } catch (error) {
      if (mine === drawn) {
        show(excuse(error));
      }
    } finally {
      if (mine === drawn) {
        button.disabled = told.classList.contains("sheets-wrong");
      }
    }
  }

  function open(on) {
    if (on) {
      context.emit("aside", aside);
    }
    aside.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    document.body.classList.toggle("map-with-sheets", on);
    layer.setVisible(on);
    if (on) {
      // What is switched off on the map is not wanted on paper either.
      for (const box of form.querySelectorAll('input[name="layers"]')) {
        const shown = context.switched[box.value]?.some((one) => one.getVisible());
        box.checked = shown ?? state.shows(box.value);
      }
      aside.focus();
      plan();
    } else {
      planned += 1;
      source.clear();
      opener.focus();
    }
  }

  layer.setVisible(false);
  map.addLayer(layer);
  // Among the map's tools, or in the drawer where there are none.
  (byId("map-tools") ?? byId("map-drawer")).append(opener);
  opener.hidden = false;
  opener.addEventListener("click", () => open(aside.hidden));
  byId("map-sheets-close").addEventListener("click", () => open(false));
  context.on("aside", (opened) => opened !== aside && !aside.hidden && open(false));
  aside.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      open(false);
    }
  });
  form.addEventListener("change", (event) => planSoon({ fit: event.target.name !== "layers" && form.elements.what.value !== "view" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
  map.on("moveend", () => {
    if (!aside.hidden && form.elements.what.value === "view") {
      planSoon();
    }
  });
}
