// The editor of the map: one piece of work at a time, from "Sửa" or "Vẽ mới" until it is saved or
// put aside. This page only joins the others: tools, form, problems, saving, drafts, keys.
import LineString from "ol/geom/LineString.js";
import Polygon from "ol/geom/Polygon.js";
import { newUuid } from "../../register/store.js";
import { say, settings, words } from "../settings.js";
import { makeActions } from "./actions.js";
import { Conflict } from "./conflict.js";
import { wireCoordinates } from "./coordinates.js";
import { wireCutting } from "./cutting.js";
import { ask, byId, element } from "./dom.js";
import { keyOf, wireDrafts } from "./draft-list.js";
import { fillForm, followForm } from "./form.js";
import { wireKeys } from "./keys.js";
import { showMeasure } from "./measure.js";
import { Problems } from "./problems.js";
import { explain, Saving, tell } from "./saving.js";
import * as server from "./server.js";
import { Neighbours } from "./snapping.js";
import { Tools } from "./tools.js";
import { toDegrees, Work } from "./work.js";

const { editor } = settings;
const CHECK_MS = 700;
const SKETCHING = ["draw", "part", "hole", "cut"];
const TOAST_MS = 6000;

export function wireEditor(context) {
  const { map, state } = context;
  const section = byId("map-editor");
  const panel = byId("edit-panel");
  const wide = window.matchMedia("(min-width: 800px)");
  let work = null;
  let checkTimer = 0;
  let checks = 0;

  const view = {
    padding: () => (wide.matches ? [90, 70, 60, panel.offsetWidth + 50] : [90, 30, panel.offsetHeight + 90, 30]),
  };
  const areas = Object.keys(editor.layers).filter((layer) => editor.layers[layer].geometries.includes("MultiPolygon"));
  const neighbours = new Neighbours(map, areas, () => hint());
  const problems = new Problems(map, view);
  const conflict = new Conflict(map, view);
  const tools = new Tools(map, neighbours, {
    used: () => showTool(),
    selected: (place) => typed.selected(place),
    sketched: (places) => sketched(places),
    cut: (line) => cutting.cut(work, line),
    chose: () => hint(),
    refused: (key) => tell(words[key]),
  });
  const typed = wireCoordinates(map, tools);
  const session = {
    problems,
    reason: () => byId("edit-reason").value.trim(),
    openBody: () => open(true),
    changed: () => changed(),
    saved,
    async resolve(mine, theirs, problem) {
      window.clearTimeout(checkTimer);
      checks += 1;
      section.classList.add("edit-choosing");
      tools.clear();
      tools.select(null);
      tools.layer.setVisible(false);
      neighbours.layer.setVisible(false);
      problems.clear();
      open(true);
      const chosen = await conflict.ask(mine, theirs, problem);
      section.classList.remove("edit-choosing");
      tools.layer.setVisible(true);
      neighbours.layer.setVisible(true);
      tools.use("shape");
      return chosen;
    },
  };
  const saving = new Saving(session);
  const drafts = wireDrafts(() => work, begin);
  const cutting = wireCutting({ tools, finished });

  // -- Beginning and ending -------------------------------------------------------------------

  function begin(start) {
    context.drop();
    closeMenu();
    Object.assign(state, { busy: true, editing: start.id ? `${start.layer}/${start.id}` : null });
    context.redraw();
    work = new Work(start, changed);
    document.body.classList.add("map-editing");
    section.hidden = false;
    byId("edit-drafts").hidden = true;
    byId("edit-reason").value = work.reason;
    const { title } = editor.layers[work.layer];
    byId("edit-kicker").textContent = work.id === null ? say("edit-new-of", { layer: title }) : title;
    byId("edit-title").textContent = work.base?.properties.name ?? work.base?.properties.code ?? words[work.id === null ? "edit-new" : "edit-unnamed"];
    byId("edit-kept").textContent = "";
    tell("");
    open(wide.matches);
    fillForm(work);
    problems.start();
    problems.layerId = work.layer;
    // The map may have been pulled to a corner by the panel; corners that are drawn need it near.
    if (work.geometry) {
      const extent = work.feature.getGeometry().getExtent();
      map.getView().fit(extent, { padding: view.padding(), maxZoom: 18, duration: 250 });
    }
    tools.start(work);
    neighbours.start(state.editing).catch(() => undefined);
    refreshState();
    byId("edit-title").focus();
  }

  function end() {
    window.clearTimeout(checkTimer);
    checks += 1;
    conflict.close();
    problems.stop();
    tools.stop();
    neighbours.stop();
    work = null;
    Object.assign(state, { busy: false, editing: null });
    document.body.classList.remove("map-editing");
    section.classList.remove("edit-choosing");
    section.hidden = true;
    context.redraw();
    drafts.offer();
    byId("edit-start").focus({ preventScroll: true });
  }

  async function startOn(layer, id) {
    const kept = await drafts.find(layer, id);
    if (kept) {
      drafts.resume(kept);
      return;
    }
    try {
      const base = await server.readFeature(layer, id);
      begin({ key: keyOf(layer, id), layer, id: base.id, kind: base.geometry.type === "Point" ? "Point" : "MultiPolygon", base });
    } catch (error) {
      context.complain(error.problem?.detail ?? words.failed);
    }
  }

  function startNew(layer, kind) {
    const values = editor.commune ? { commune_code: editor.commune } : {};
    for (const field of editor.layers[layer].fields.filter((one) => one.default)) {
      values[field.name] = field.default;
    }
    begin({ key: keyOf(layer, newUuid()), layer, id: null, kind, base: null, preset: values });
  }

  /** Saved, split or merged: show what the server made of it. */
  async function finished(layer, ids, sentence) {
    const key = work?.key;
    if (key) {
      await drafts.drop(key);
    }
    end();
    context.refresh(layer);
    context.emit("changed", { layer, ids });
    toast(sentence);
    if (ids.length) {
      context.panel.show(layer);
      context.pick(layer, ids[0], {});
    }
  }

  async function saved(feature, done) {
    await finished(done.layer, [feature.id], words["edit-saved"]);
  }

  /** Put the work aside: what is not saved stays a draft. */
  async function leave() {
    const { key, isDirty } = work;
    if (isDirty) {
      await drafts.keep();
    } else {
      await drafts.drop(key);
    }
    end();
  }

  async function discard() {
    if (work.isDirty && (await ask({ title: words["edit-discard"], text: words["edit-discard-text"], yes: words["edit-discard-yes"] })) === false) {
      return;
    }
    await drafts.drop(work.key);
    end();
  }

  async function removeAll() {
    if (!work || work.id === null) {
      return;
    }
    const reason = await ask({ title: words["edit-delete"], text: words["edit-delete-text"], yes: words["edit-delete-yes"], reason: "needed" });
    if (reason === false) {
      return;
    }
    try {
      await server.remove(work.layer, work.id, { etag: work.base.etag, reason });
      await finished(work.layer, [], words["edit-deleted"]);
    } catch (error) {
      if (error.kind === "stale") {
        tell(words["edit-delete-stale"]);
      } else {
        explain(error);
      }
    }
  }

  // -- What changes while working -------------------------------------------------------------

  function changed() {
    if (!work) {
      return;
    }
    showMeasure(work.geometry);
    followForm(work);
    refreshState();
    drafts.keepSoon();
    problems.clear();
    checkSoon();
  }

  function sketched(places) {
    if (!work) {
      return;
    }
    const cutLine = tools.name === "cut";
    const draft = places && !cutLine && !work.geometry ? places : null;
    if (JSON.stringify(draft) !== JSON.stringify(work.sketch)) {
      work.sketch = draft;
      drafts.keepSoon();
    }
    if (places && !cutLine && places.length > 1) {
      const closed = places.length > 2 ? new Polygon([[...places, places[0]]]) : new LineString(places);
      showMeasure(tools.name === "draw" ? toDegrees(closed) : work.geometry);
    } else {
      showMeasure(work.geometry);
    }
    refreshState();
  }

  function refreshState() {
    const button = (name) => section.querySelector(`[data-tool="${name}"]`);
    button("undo").disabled = !(tools.places() || work.canUndo);
    button("redo").disabled = !(tools.undone.length || work.canRedo);
    button("throw").hidden = work.id === null;
    for (const name of ["cut", "merge"]) {
      button(name).hidden = work.id === null || work.isPoint;
    }
    byId("edit-save").classList.toggle("edit-idle", !work.isDirty);
  }

  function showTool() {
    const mode = tools.name === "merge" ? "merge" : SKETCHING.includes(tools.name) ? "sketch" : "shape";
    section.dataset.mode = work.isPoint ? "point" : work.geometry ? mode : `${mode} new`;
    for (const button of section.querySelectorAll("[data-tool][aria-pressed]")) {
      const { tool } = button.dataset;
      const on = tool === "snap" ? neighbours.on : tool === "trace" ? tools.tracing : tool === tools.name;
      button.setAttribute("aria-pressed", String(on));
    }
    map.getTargetElement().classList.toggle("map-drawing", tools.name !== "shape");
    hint();
    refreshState();
  }

  function hint() {
    if (!work) {
      return;
    }
    const far = map.getView().getZoom() < 15.99 && !work.isPoint;
    const name = tools.name === "merge" && tools.chosen().length ? "merge-go" : tools.name;
    const text = say(`edit-hint-${name}`, { count: tools.chosen().length + 1 });
    byId("edit-hint").textContent = far ? `${text} ${words["edit-hint-far"]}` : text;
  }

  function checkSoon() {
    window.clearTimeout(checkTimer);
    const turn = ++checks;
    if (!work.geometry || !work.shapeChanged) {
      return;
    }
    checkTimer = window.setTimeout(async () => {
      const { layer, id, geometry } = work;
      try {
        const found = await server.check(layer, { ...work.toSend(), ...(id === null ? {} : { id }), geometry });
        if (work && turn === checks) {
          problems.show(found);
        }
      } catch {
        // The save asks again, and says what stands in its way.
      }
    }, CHECK_MS);
  }

  // -- Buttons, keys, card --------------------------------------------------------------------

  function open(on) {
    panel.classList.toggle("edit-open-sheet", on);
    byId("edit-more").setAttribute("aria-expanded", String(on));
    byId("edit-more").textContent = words[on ? "edit-less" : "edit-details"];
  }

  function toast(sentence) {
    const made = element("p", { class: "edit-toast", role: "status", text: sentence });
    section.after(made);
    window.setTimeout(() => made.remove(), TOAST_MS);
  }

  function closeMenu() {
    byId("edit-menu").hidden = true;
    byId("edit-start").setAttribute("aria-expanded", "false");
  }

  const actions = makeActions({ work: () => work, tools, neighbours, cutting, leave, removeAll, showTool, save: () => saving.save(work), showKeys: () => showKeys() });
  const showKeys = wireKeys(() => work !== null && !conflict.open, actions);

  section.addEventListener("click", (event) => {
    const name = event.target.closest("[data-tool]")?.dataset.tool;
    if (name && work) {
      tell("");
      actions[name]();
    }
  });
  byId("edit-save").addEventListener("click", () => saving.save(work));
  byId("edit-discard").addEventListener("click", discard);
  byId("edit-close").addEventListener("click", leave);
  byId("edit-more").addEventListener("click", () => open(byId("edit-more").getAttribute("aria-expanded") !== "true"));
  byId("edit-form").addEventListener("submit", (event) => event.preventDefault());
  byId("edit-reason").addEventListener("input", () => {
    work.reason = session.reason();
    drafts.keepSoon();
  });
  byId("edit-start").addEventListener("click", () => {
    const menu = byId("edit-menu");
    menu.hidden = !menu.hidden;
    byId("edit-start").setAttribute("aria-expanded", String(!menu.hidden));
  });
  byId("edit-menu").addEventListener("click", (event) => {
    const button = event.target.closest("[data-draw]");
    if (button) {
      startNew(button.dataset.draw, button.dataset.kind);
    }
  });
  byId("edit-launch").addEventListener("keydown", (event) => event.key === "Escape" && closeMenu());
  document.addEventListener("pointerdown", (event) => !byId("edit-launch").contains(event.target) && closeMenu());
  map.on("moveend", hint);

  context.on("picked", ({ layer, id, feature }) => {
    const place = byId("map-card-actions");
    if (!place || !editor.layers[layer]) {
      return;
    }
    const own = !editor.commune || feature.properties.commune_code === editor.commune;
    if (own) {
      place.prepend(element("button", { type: "button", id: "edit-this", text: words["edit-edit"], on: { click: () => startOn(layer, id) } }));
    } else {
      place.append(element("p", { class: "map-note", text: say("edit-not-yours", { commune: feature.properties.commune_name ?? "–" }) }));
    }
  });

  byId("edit-launch").hidden = false;
  drafts.offer();
}
