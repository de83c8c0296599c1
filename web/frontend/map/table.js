// The table of a layer: its filter narrows the map too, its rows and what is picked there are one.
import { number, say, settings, words } from "./settings.js";
import { openBulk } from "./panels/bulk.js";
import { ask, excuse, make } from "./panels/dom.js";
import { makeDrawing } from "./panels/drawing.js";
import { wireExport } from "./panels/exporting.js";
import { makeFilter } from "./panels/filter.js";
import { wireFilterForm } from "./panels/filter_form.js";
import { makeGrid } from "./panels/grid.js";
import { following, makeSelection } from "./panels/selection.js";

const PAGE = 50;
const PAUSE_MS = 250;

const byId = (id) => document.getElementById(id);

export function wireTable(context) {
  const { map, panel } = context;
  const drawer = byId("map-table");
  const opener = byId("map-table-open");
  const status = byId("map-table-status");
  const wide = window.matchMedia("(min-width: 800px)");
  const filter = makeFilter(context);
  const drawing = makeDrawing(context);
  context.filter = filter;

  let sort = "";
  let pages = [];
  let at = 0;
  let shown = [];
  let found = null;
  let total = null;
  let asking = null;
  let moved = 0;
  let { unit } = filter.value;

  const grid = makeGrid(byId("map-grid"), {
    columns: () => settings.panels.columns[filter.value.layer],
    sort: () => sort,
    isSelected: (id) => selection.has(id),
    isPicked: (id) => context.state.picked === `${filter.value.layer}/${id}`,
    onSort(next) {
      sort = next;
      load();
    },
    onOver: drawing.pointAt,
    onPick: pickRow,
    onSelect: (features, on) => selection.set(features, on),
    onPage: turn,
    onClose: () => open(false),
  });

  const selection = makeSelection(byId("map-table-tools"), context, filter, {
    drawn() {
      drawing.outline(selection.features());
      grid.mark();
    },
    zoomTo,
    failed: (sentence) => (status.textContent = sentence),
    address: addressOf,
    total: () => total,
    shown: () => shown,
  });

  /** Room around what the view is moved to: the drawer covers the lower part. */
  function padding() {
    const [top, right, bottom, left] = panel.padding();
    return filter.open && wide.matches ? [top, right, drawer.offsetHeight + 40, left] : [top, right, bottom, left];
  }

  function pickRow(feature) {
    const { layer } = filter.value;
    panel.turnOn(layer);
    if (!wide.matches) {
      // The sheet covers a phone's map.
      open(false);
    }
    if (feature.geometry) {
      drawing.zoomTo([feature], padding());
    }
    context.pick(layer, feature.id);
  }

  function zoomTo(features) {
    if (!wide.matches) {
      open(false);
    }
    panel.turnOn(filter.value.layer);
    drawing.zoomTo(features, padding());
  }

  function addressOf(more = {}) {
    const asked = new URLSearchParams({ f: "json", limit: String(PAGE), ...filter.parameters(), ...more });
    if (sort) {
      asked.set("sortby", sort);
    }
    if (filter.value.inView) {
      asked.set("bbox", filter.box());
    }
    return `${settings.items.replace("{layer}", filter.value.layer)}?${asked}`;
  }

  /** Show the first page; the map's own moves keep what was selected. */
  function load() {
    pages = [addressOf()];
    at = 0;
    return show();
  }

  async function show() {
    if (!filter.open) {
      return;
    }
    asking?.abort();
    asking = new AbortController();
    const turn_ = asking;
    drawer.setAttribute("aria-busy", "true");
    try {
      const page = await ask(pages[at], { headers: { Accept: "application/geo+json" }, signal: turn_.signal });
      shown = page.features;
      pages[at + 1] = following(page);
      if (page.numberMatched !== undefined) {
        total = page.numberMatched;
      } else if (!filter.value.inView) {
        total = found?.count ?? null;
      } else if (at === 0) {
        total = pages[1] ? null : shown.length;
      }
      if (total === null && filter.value.inView && at === 0) {
        countInView(turn_);
      }
      drawing.pointAt(null);
      grid.draw(withPinned(shown));
      drawStatus();
      selection.draw();
    } catch (error) {
      if (turn_.signal.aborted) {
        return;
      }
      grid.draw([]);
      status.textContent = excuse(error);
    }
    drawer.removeAttribute("aria-busy");
  }

  async function countInView(turn_) {
    const count = await filter.countInView().catch(() => null);
    if (turn_ === asking && count !== null) {
      total = count;
      drawStatus();
      selection.draw();
    }
  }

  /** What is picked on the map stands on top when the page does not hold it. */
  function withPinned(features) {
    const { layer } = filter.value;
    const picked = context.state.picked;
    if (!pinned || picked !== `${layer}/${pinned.id}` || features.some((one) => one.id === pinned.id)) {
      return features;
    }
    return [pinned, ...features];
  }
  let pinned = null;

  function turn(step) {
    if (pages[at + step]) {
      at += step;
      return show().then(() => grid.focusFirst());
    }
    return undefined;
  }

  function drawStatus() {
    const first = at * PAGE + 1;
    const last = at * PAGE + shown.length;
    const rows = { first: number(first), last: number(last), total: total === null ? "" : number(total) };
    const some = !shown.length ? words.noRows : say(total === null ? "rowsSome" : "rowsOf", rows);
    status.textContent = found && !found.items ? `${some} · ${words.tooMany}` : some;
    byId("map-table-before").disabled = at === 0;
    byId("map-table-after").disabled = !pages[at + 1];
    byId("map-table-pages").hidden = at === 0 && !pages[1];
  }

  function drawOpener() {
    const count = byId("map-table-count");
    count.textContent = filter.isActive() && found ? number(found.count) : "";
    opener.classList.toggle("map-tool-on", filter.isActive());
    byId("map-filter-clear").hidden = !filter.isActive();
    byId("map-table-open-label").textContent = filter.isActive() ? words.filtered : words.table;
  }

  /** Ask what fits and let the map show only that; far views of one crop are the legend's own. */
  async function sift(zoom) {
    const asked = filter.value;
    panel.chooseCrop(filter.value.layer === "growing-areas" ? filter.value.crop || null : null);
    if (!filter.isActive()) {
      found = null;
      drawing.show(filter.value.layer, null);
    } else {
      try {
        const answer = await filter.matches();
        if (asked !== filter.value) {
          return;
        }
        found = answer;
      } catch (error) {
        found = null;
        status.textContent = excuse(error);
      }
      panel.turnOn(filter.value.layer);
      drawing.show(filter.value.layer, filter.isCropAlone() ? null : found, filter.value.crop);
      if (zoom && found?.bbox) {
        // A place that was chosen is shown; of other filters it is enough to see something.
        drawing.zoomToBox(found.bbox, padding(), unit !== filter.value.unit && filter.value.unit);
      }
      ({ unit } = filter.value);
    }
    if (filter.open && found) {
      if (total === null && !filter.value.inView) {
        total = found.count;
      }
      drawStatus();
      selection.draw();
    }
    drawOpener();
    context.emit("filtered", { layer: filter.value.layer, count: found?.count ?? null });
  }

  function open(on) {
    filter.open = on;
    drawer.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    document.body.classList.toggle("map-with-table", on);
    if (on) {
      panel.turnOn(filter.value.layer);
      load();
      drawer.focus();
    } else {
      selection.clear();
      opener.focus();
    }
  }

  opener.addEventListener("click", () => open(drawer.hidden));
  byId("map-filter-clear").addEventListener("click", () => {
    filter.clear();
    opener.focus();
  });
  byId("map-table-close").addEventListener("click", () => open(false));
  byId("map-table-before").addEventListener("click", () => turn(-1));
  byId("map-table-after").addEventListener("click", () => turn(1));
  drawer.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.stopPropagation();
      open(false);
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key.toLowerCase() === "t" && plain && !typing && !context.state.busy) {
      event.preventDefault();
      open(drawer.hidden);
    }
  });
  map.on("moveend", () => {
    window.clearTimeout(moved);
    if (filter.open && filter.value.inView) {
      moved = window.setTimeout(load, PAUSE_MS);
    }
  });

  let layer = filter.value.layer;
  filter.onChange(() => {
    if (filter.value.layer !== layer) {
      layer = filter.value.layer;
      sort = "";
      selection.clear();
      pinned = null;
      if (filter.open) {
        panel.turnOn(layer);
      }
    }
    total = null;
    found = null;
    load();
    sift(true);
  });
  context.on("crop", (crop) => {
    // The legend's button is the same filter, of growing areas.
    const value = filter.value;
    if (crop ? value.layer !== "growing-areas" || value.crop !== crop : value.layer === "growing-areas" && value.crop) {
      filter.change(crop ? { layer: "growing-areas", crop } : { crop: "" });
    }
  });
  context.on("picked", ({ layer: of, feature }) => {
    pinned = of === filter.value.layer ? feature : null;
    if (filter.open) {
      grid.draw(withPinned(shown));
      grid.reveal(feature.id);
    }
  });
  context.on("dropped", () => {
    pinned = null;
    if (filter.open) {
      grid.draw(shown);
    }
  });
  context.on("changed", ({ layer: of }) => {
    if (of === filter.value.layer) {
      total = null;
      found = null;
      show();
      if (filter.isActive()) {
        sift(false);
      }
    }
  });

  wireFilterForm(filter, context);
  wireExport(filter, context);
  if (filter.isActive()) {
    sift(false);
  }
  if (filter.open) {
    filter.open = false;
    open(true);
  }
  drawOpener();
}
