// The farmer's registration page. Works without a network; nothing here is needed to send the
// plain form, so a phone that fails to run it still has a form.
import { areaM2, crosses, saoM2 } from "./register/measure.js";
import { drawOutline } from "./register/outline.js";
import { showRecords } from "./register/records.js";
import { flush, flushSoon, refresh } from "./register/send.js";
import { newUuid, read, readAll, readDraft, remove, write, writeDraft } from "./register/store.js";
import { Walk, WORST_M } from "./register/walk.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const { words } = settings;
const $ = (id) => document.getElementById(id);
const form = $("form");
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const number = (value, digits = 0) =>
  value.toLocaleString(settings.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

const rings = { walked: [], drawn: [] };
let way = "typed";
let editing = null;
let map = null;

// ---- where the field is -------------------------------------------------------------------------

const walk = new Walk((report) => {
  const place = $("accuracy");
  if (report.kind !== "fix") {
    place.dataset.level = "bad";
    place.textContent = words.no_position;
    $("refused").textContent = window.isSecureContext ? words[report.kind] : words.insecure;
    if (report.kind === "denied") toggleWalk(false);
    return;
  }
  const quality = { good: words.good, fair: words.fair, bad: words.bad }[report.level];
  place.dataset.level = report.level;
  place.textContent = `${say(words.accuracy, { metres: report.accuracy })} · ${quality}`;
  $("refused").textContent =
    report.dropped === "accuracy"
      ? say(words.dropped_accuracy, { metres: report.accuracy, limit: WORST_M })
      : report.dropped === "jump"
        ? say(words.dropped_jump, { metres: report.metres, seconds: report.seconds })
        : "";
  showWalk();
});

function toggleWalk(on = !walk.walking) {
  if (on && !walk.walking) {
    walk.start();
    $("accuracy").textContent = words.searching;
  } else if (!on && walk.walking) {
    walk.stop();
  }
  $("walk-toggle").textContent = walk.walking ? words.pause : walk.ring.length ? words.resume : words.start;
  showWalk();
}

function showWalk() {
  rings.walked = walk.ring;
  drawOutline($("outline-walked"), walk.ring);
  showSize("walked", walk.ring);
  $("walk-corner").disabled = !walk.walking || !walk.last;
  $("walk-undo").disabled = !walk.ring.length;
  $("walk-redo").disabled = !walk.undone.length;
  keepDraft();
}

function sizeOf(squareMetres, lat) {
  const sao = saoM2(lat);
  return [
    squareMetres < 1000
      ? `<b>${number(squareMetres)} m²</b>`
      : `<b>${number(squareMetres / 10000, 2)} ha</b>`,
    `<span>${say(words.sao, { value: number(squareMetres / sao, 1), size: number(sao) })}</span>`,
  ].join(" · ");
}

// The pieces are our own words and numbers.
function showSize(name, ring) {
  const corners = say(words.corners, { count: ring.length });
  $(`size-${name}`).innerHTML =
    ring.length > 2 ? `${sizeOf(areaM2(ring), ring[0][1])} · <span>${corners}</span>` : ring.length ? corners : "";
}

function readNumber(text) {
  const compact = text.replace(/\s/g, "");
  const plain =
    compact.lastIndexOf(",") > compact.lastIndexOf(".")
      ? compact.replaceAll(".", "").replace(",", ".")
      : compact.replaceAll(",", "");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
}

const UNITS = { ha: 1, m2: 0.0001, "sao-1000": 0.1, "sao-500": 0.05 };

function typedArea() {
  const unit = form.elements.unit.value;
  const text = form.elements.area.value;
  return readNumber(unit === "m2" ? text.replace(/[.,](?=\d{3}(\D|$))/g, "") : text) * UNITS[unit];
}

/** [lon, lat] of what was typed in either order, or null. */
function typedPlace() {
  const found = (form.elements.place.value.match(/-?\d+(?:[.,]\d+)?/g) ?? []).map((each) => Number(each.replace(",", ".")));
  if (found.length !== 2) return null;
  const [lat, lon] = found[0] < found[1] ? found : [found[1], found[0]];
  return lat >= 6 && lat <= 23.5 && lon >= 102 && lon <= 118 ? [lon, lat] : null;
}

function showTyped() {
  const hectares = typedArea();
  const place = typedPlace();
  $("size-typed").innerHTML =
    hectares > 0 ? sizeOf(hectares * 10000, place ? place[1] : 11) + (hectares > 4 ? `<br>${words.over}` : "") : "";
}

function locate(done) {
  $("place-note").textContent = words.searching;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      $("place-note").textContent = say(words.accuracy, { metres: Math.round(coords.accuracy) });
      done([coords.longitude, coords.latitude]);
    },
    (error) => {
      const why = error.code === 1 ? words.denied : words.no_position;
      $("place-note").textContent = window.isSecureContext ? why : words.insecure;
    },
    { enableHighAccuracy: true, timeout: 20000, maximumAge: 5000 },
  );
}

async function openMap() {
  if (map) return;
  try {
    const style = document.createElement("link");
    Object.assign(style, { rel: "stylesheet", href: settings.map.style });
    document.head.append(style);
    const { DrawingMap } = await import(settings.map.script);
    map = new DrawingMap($("map"), settings.bounds, rings.drawn, (ring, undone) => {
      rings.drawn = ring;
      showSize("drawn", ring);
      $("draw-undo").disabled = !ring.length;
      $("draw-redo").disabled = !undone.length;
      keepDraft();
    }, words);
    for (const id of ["draw-corner", "draw-here"]) $(id).disabled = false;
  } catch {
    $("map").querySelector(".loading").textContent = words.map_failed;
  }
}

function chooseWay(chosen) {
  way = chosen;
  for (const name of ["walked", "drawn", "typed"]) {
    $(`panel-${name}`).hidden = name !== way;
    const radio = form.querySelector(`input[name=way][value=${name}]`);
    radio.checked = name === way;
    radio.closest(".way").classList.toggle("chosen", name === way);
  }
  if (way !== "walked") toggleWalk(false);
  if (way === "drawn") openMap();
  keepDraft();
}

// ---- the document -------------------------------------------------------------------------------

function makeDocument() {
  const value = (name) => form.elements[name].value.trim().normalize("NFC");
  const document = {
    area_name: value("area_name"),
    crop: value("crop"),
    market: value("market"),
    applicant: {
      name: value("name"),
      phone: value("phone"),
      personal_number: value("personal_number") || null,
      home_address: value("home_address") || null,
    },
    geometry: null,
    point: null,
    area_ha: null,
    household_count: Number(value("household_count")) || null,
    method: way,
    consent: form.elements.consent.checked,
  };
  if (way === "typed") {
    document.point = typedPlace();
    document.area_ha = Number(typedArea().toFixed(4)) || null;
  } else if (rings[way].length) {
    document.geometry = { type: "Polygon", coordinates: [[...rings[way], rings[way][0]]] };
  }
  return document;
}

/** What is wrong, as [field, sentence]; a field that is no input is the shape. */
function mistakesOf(document) {
  const found = [];
  const needs = (field, holds, sentence = words.missing) => holds || found.push([field, sentence]);
  if (way === "typed") {
    needs("place", document.point, settings.rules["not-a-position"]);
    needs("area", document.area_ha > 0, settings.rules.type);
  } else {
    needs("shape", rings[way].length > 2, words.shape);
    if (rings[way].length > 2) {
      needs("shape", areaM2(rings[way]) >= 1, settings.rules.area);
      needs("shape", !crosses(rings[way]), words.crosses);
    }
  }
  needs("crop", document.crop);
  needs("area_name", document.area_name);
  needs("name", document.applicant.name);
  needs("phone", document.applicant.phone);
  needs("consent", document.consent);
  return found;
}

function showMistakes(found) {
  for (const old of form.querySelectorAll(".wrong:not(#wrong-shape, #form-wrong)")) old.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  $("wrong-shape").hidden = true;
  $("form-wrong").hidden = !found.length;
  $("form-wrong").textContent = found.length ? words.fix : "";
  for (const [field, sentence] of found) {
    const input = form.elements[field];
    if (!input) {
      $("wrong-shape").hidden = false;
      $("wrong-shape").textContent = sentence;
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `wrong-${field}`);
    const note = Object.assign(document.createElement("strong"), { className: "wrong", id: `wrong-${field}`, textContent: sentence });
    input.closest("label").append(note);
  }
  const first = form.querySelector("[aria-invalid]") ?? ($("wrong-shape").hidden ? null : $("wrong-shape"));
  first?.scrollIntoView({ block: "center" });
  first?.focus?.({ preventScroll: true });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const sent = makeDocument();
  const found = mistakesOf(sent);
  showMistakes(found);
  if (found.length) return;
  toggleWalk(false);
  const old = editing ? await read(editing) : null;
  await write({
    ...old,
    uuid: old?.uuid ?? newUuid(),
    version: (old?.version ?? 0) + 1,
    made: old?.made ?? new Date().toISOString(),
    state: "waiting",
    problem: null,
    document: sent,
  });
  navigator.storage?.persist?.().catch(() => {});
  clear();
  await show();
  $("records").scrollIntoView();
  flush(settings.put, show);
});

// ---- drafts, records, network -------------------------------------------------------------------

const KEPT = ["place", "area", "unit", "crop", "area_name", "market", "household_count", "name", "phone", "personal_number", "home_address"];

function keepDraft() {
  const fields = Object.fromEntries(KEPT.map((name) => [name, form.elements[name].value]));
  writeDraft({ fields, way, rings, editing });
}

function fill({ fields, way: chosen, rings: kept, editing: uuid }) {
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value ?? "";
  walk.ring = kept?.walked ?? [];
  rings.drawn = kept?.drawn ?? [];
  map?.show(rings.drawn);
  editing = uuid ?? null;
  chooseWay(chosen);
  toggleWalk(false);
  showSize("drawn", rings.drawn);
  showTyped();
}

function clear() {
  form.reset();
  // Without our script working to its end, the plain form must not send the last one again.
  form.elements.uuid.value = newUuid();
  fill({ fields: {}, way, rings: {}, editing: null });
  writeDraft(null);
}

function edit(record) {
  const { document: sent } = record;
  const ring = sent.geometry ? sent.geometry.coordinates[0].slice(0, -1) : [];
  fill({
    fields: {
      ...sent.applicant,
      area_name: sent.area_name,
      crop: sent.crop,
      market: sent.market,
      household_count: sent.household_count ?? "",
      place: sent.point ? [...sent.point].reverse().map((each) => each.toFixed(6).replace(".", settings.language === "vi" ? "," : ".")).join(" ") : "",
      area: sent.area_ha ? String(sent.area_ha).replace(".", settings.language === "vi" ? "," : ".") : "",
      unit: "ha",
    },
    way: sent.method,
    rings: { [sent.method]: ring },
    editing: record.uuid,
  });
  keepDraft();
  form.scrollIntoView();
}

async function show(changed) {
  const records = await readAll();
  const shown = records.map((record) => (record.uuid === changed?.uuid ? { ...record, ...changed } : record));
  showRecords($("records"), $("record-list"), shown, {
    words,
    rules: settings.rules,
    edit,
    async remove(record) {
      if (record.state !== "received" && !window.confirm(words.remove_sure)) return;
      await remove(record.uuid);
      await show();
    },
  });
  document.body.dataset.waiting = shown.filter((record) => record.state !== "received").length;
}

function showNetwork() {
  const place = $("network");
  place.hidden = false;
  place.dataset.state = navigator.onLine ? "online" : "offline";
  place.textContent = navigator.onLine ? words.online : words.offline;
  if (navigator.onLine) flushSoon(settings.put, show);
}

async function begin() {
  $("ways").hidden = false;
  $("place-here").hidden = !navigator.geolocation;
  $("ways").addEventListener("change", (event) => chooseWay(event.target.value));
  $("walk-toggle").addEventListener("click", () => toggleWalk());
  for (const [id, act] of [["corner", "corner"], ["undo", "undo"], ["redo", "redo"]]) {
    $(`walk-${id}`).addEventListener("click", () => {
      walk[act]();
      showWalk();
    });
  }
  $("draw-corner").addEventListener("click", () => map.corner());
  $("draw-undo").addEventListener("click", () => map.undo());
  $("draw-redo").addEventListener("click", () => map.redo());
  $("draw-here").addEventListener("click", () => locate((place) => map.go(place)));
  $("place-here").addEventListener("click", () =>
    locate(([lon, lat]) => {
      const mark = settings.language === "vi" ? "," : ".";
      form.elements.place.value = `${lat.toFixed(6)} ${lon.toFixed(6)}`.replaceAll(".", mark);
      showTyped();
      keepDraft();
    }),
  );
  form.addEventListener("input", () => {
    showTyped();
    keepDraft();
  });
  const draft = readDraft();
  if (draft) fill(draft);
  else chooseWay("typed");
  await show();
  const asked = decodeURIComponent(location.hash.slice(1));
  const wanted = asked && (await readAll()).find((record) => record.receipt === asked);
  if (wanted) edit(wanted);
  addEventListener("online", showNetwork);
  addEventListener("offline", showNetwork);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    showNetwork();
    if (walk.walking) walk.stayAwake();
  });
  showNetwork();
  if (navigator.onLine) refresh(settings.put, show);
  document.body.dataset.ready = "";
  if ("serviceWorker" in navigator) {
    await navigator.serviceWorker.register("/dang-ky-sw.js", { scope: "/dang-ky" });
    await navigator.serviceWorker.ready;
    document.body.dataset.offline = "ready";
  }
}

begin();
