// The backgrounds that the administrator configured: switched and faded by whoever looks, and kept
// in the address (`?nen=3:80`) and in the browser.
import { makeBackground } from "./background_layers.js";

const KEPT = "langbiang.backgrounds";
// Orthophotos show more than the map's own layers do.
const DEEPEST = 23;

/** What the address says, else what this browser remembers, else what the administrator chose. */
function remembered(items) {
  const asked = new URLSearchParams(window.location.search).get("nen");
  const chosen = new Map();
  if (asked !== null) {
    for (const part of asked.split(",")) {
      const [id, percent = "100"] = part.split(":");
      chosen.set(Number(id), Math.min(100, Math.max(0, Number(percent) || 0)) / 100);
    }
    return (item) => ({ on: chosen.has(item.id), opacity: chosen.get(item.id) ?? item.opacity });
  }
  let kept = {};
  try {
    kept = JSON.parse(window.localStorage.getItem(KEPT)) ?? {};
  } catch {
    // A browser without storage, or text of somebody else's: as if nothing were kept.
  }
  return (item) => ({ on: kept[item.id]?.on ?? item.shown, opacity: kept[item.id]?.opacity ?? item.opacity });
}

function remember(shown, everything) {
  try {
    window.localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(everything)));
  } catch {
    // The address keeps it.
  }
  const address = new URL(window.location);
  address.searchParams.delete("nen");
  const query = [...address.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  query.push(`nen=${shown.map(([id, opacity]) => `${id}:${Math.round(opacity * 100)}`).join(",")}`);
  window.history.replaceState(window.history.state, "", `${address.pathname}?${query.join("&")}${address.hash}`);
}

export function wireBackgrounds(context) {
  const { map, state, everyone, panel, words, say, complain } = context;
  const { items, projections } = context.settings.backgrounds;
  const choice = remembered(items);
  const rows = new Map();
  const current = new Map();

  function redraw() {
    state.backdrop = [...current.values()].some((one) => one.on && one.layer);
    everyone.changed();
  }

  function keep() {
    const everything = [...current].map(([id, one]) => [id, { on: one.on, opacity: one.opacity }]);
    remember(
      everything.filter(([, one]) => one.on).map(([id, one]) => [id, one.opacity]),
      everything,
    );
  }

  function fail(item, error) {
    complain(say("backgroundFailed", { name: item.name, reason: error.message }));
  }

  async function load(item, at) {
    const one = current.get(item.id);
    one.making ??= makeBackground({ ...item, opacity: one.opacity }, { projections, words, failed: (error) => fail(item, error) });
    try {
      const { layer, extent } = await one.making;
      if (!one.layer) {
        one.layer = layer;
        layer.setZIndex(-1000 + at);
        map.addLayer(layer);
      }
      one.extent = extent;
      layer.setVisible(one.on);
      layer.setOpacity(one.opacity);
      rows.get(item.id).near.hidden = !(one.on && extent);
      redraw();
    } catch (error) {
      one.making = null;
      fail(item, error);
    }
  }

  function show(item, at, on) {
    const one = current.get(item.id);
    const row = rows.get(item.id);
    one.on = on;
    row.slider.hidden = !on;
    row.near.hidden = !(on && one.extent);
    one.layer?.setVisible(on);
    redraw();
    if (on && !one.layer) {
      return load(item, at);
    }
    return Promise.resolve();
  }

  items.forEach((item, at) => {
    const row = document.querySelector(`[data-background="${item.id}"]`);
    const [box, slider, near] = [row.querySelector("[type=checkbox]"), row.querySelector("[type=range]"), row.querySelector("button")];
    rows.set(item.id, { slider, near });
    const one = { ...choice(item), layer: null, making: null, extent: null };
    current.set(item.id, one);
    box.checked = one.on;
    slider.value = String(Math.round(one.opacity * 100));
    box.addEventListener("change", () => {
      show(item, at, box.checked);
      keep();
    });
    slider.addEventListener("input", () => {
      one.opacity = Number(slider.value) / 100;
      one.layer?.setOpacity(one.opacity);
    });
    slider.addEventListener("change", keep);
    near.addEventListener("click", () => {
      map.getView().fit(one.extent, { padding: panel.padding(), duration: 350, maxZoom: DEEPEST });
    });
  });

  map.getView().setMaxZoom(DEEPEST);
  return Promise.all(items.map((item, at) => (current.get(item.id).on ? show(item, at, true) : undefined)));
}
