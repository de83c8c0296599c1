// The form of the filter: follows the filter, whoever changed it (the form, the legend, the address).
import { day, say, settings, words } from "../settings.js";
import { ask, make } from "./dom.js";
import { choiceName, choicesOf, hasCrop, hasUnit } from "./filter.js";

const PAUSE_MS = 300;
const byId = (id) => document.getElementById(id);

/** The unit as the filter names it: a former one with its last day. */
function unitOf(item) {
  return item.is_former ? `${item.code}@${item.valid_to}` : item.code;
}

function unitName(item) {
  return item.is_former ? `${item.title} (${say("until", { day: day(item.valid_to) })})` : item.title;
}

async function findUnits(typed) {
  const { items } = await ask(`${settings.search}?${new URLSearchParams({ q: typed, layer: "administrative-units", limit: "12" })}`);
  return items;
}

/** A box to choose a unit of today or of former days by some letters of its name. */
function wireUnit(filter, context) {
  const input = byId("filter-unit");
  const list = byId("filter-unit-list");
  let timer = 0;
  let asked = 0;
  let named = "";
  let items = [];
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(item) {
    named = unitName(item);
    input.value = named;
    close();
    if (item.is_former) {
      context.panel.turnOn("former-units");
    }
    filter.change({ unit: unitOf(item) });
  }

  function activate(next) {
    const options = [...list.children];
    active = (next + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  async function suggest() {
    const typed = input.value.trim();
    const turn = ++asked;
    if (!typed) {
      close();
      named = "";
      filter.change({ unit: "" });
      return;
    }
    try {
      items = await findUnits(typed);
    } catch {
      items = [];
    }
    if (turn !== asked) {
      return;
    }
    list.replaceChildren(
      ...items.map((item, at) => {
        const parts = [make("b", { text: item.title })];
        if (item.is_former) {
          const now = item.successors.length ? ` · ${words.now} ${item.successors.join(", ")}` : "";
          parts.push(make("small", { text: `${say("until", { day: day(item.valid_to) })}${now}` }));
        }
        const option = make("li", { role: "option", id: `filter-unit-${at}`, "aria-selected": "false" }, parts);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          choose(item);
        });
        return option;
      }),
    );
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(items.length > 0));
    active = -1;
  }

  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(suggest, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      activate(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden && items.length) {
        choose(items[Math.max(active, 0)]);
      }
    }
  });
  input.addEventListener("blur", () => {
    close();
    if (input.value.trim() !== named && filter.value.unit) {
      input.value = named;
    }
  });

  return {
    /** Say the name of the filter's unit, asked of the server when the address brought it. */
    async show() {
      const { unit } = filter.value;
      if (!unit) {
        if (document.activeElement !== input) {
          input.value = "";
        }
        named = "";
        return;
      }
      if (named) {
        return;
      }
      const found = (await findUnits(unit.split("@")[0]).catch(() => [])).find((item) => unitOf(item) === unit || item.code === unit);
      if (filter.value.unit === unit) {
        named = found ? unitName(found) : unit;
        input.value = named;
        if (found?.is_former) {
          context.panel.turnOn("former-units");
        }
      }
    },
  };
}

export function wireFilterForm(filter, context) {
  const form = byId("map-filter");
  const layer = byId("filter-layer");
  const scope = byId("filter-scope");
  const crop = byId("filter-crop");
  const choice = byId("filter-choice");
  const text = byId("filter-q");
  const clear = byId("filter-clear");
  const opener = byId("map-filter-open");
  const unit = wireUnit(filter, context);
  let timer = 0;

  layer.append(...settings.layers.map((name) => make("option", { value: name, text: settings.panels.titles[name] })));
  crop.append(
    make("option", { value: "", text: words.anyCrop }),
    ...settings.panels.crops.map(([code, name]) => make("option", { value: code, text: name })),
  );

  function fillChoice() {
    const choices = choicesOf(filter.value.layer);
    byId("filter-choice-label").hidden = !choices;
    if (choices) {
      byId("filter-choice-title").textContent = words[choices.property];
      choice.replaceChildren(
        make("option", { value: "", text: words.anyOf }),
        ...choices.values.map((value) => make("option", { value, text: choiceName(value) })),
      );
    }
  }

  function show() {
    const { value } = filter;
    layer.value = value.layer;
    byId("map-table-title").textContent = settings.panels.titles[value.layer];
    scope.value = value.inView ? "view" : "all";
    fillChoice();
    crop.value = value.crop;
    choice.value = value.choice;
    byId("filter-crop-label").hidden = !hasCrop(value.layer);
    byId("filter-unit-label").hidden = !hasUnit(value.layer);
    if (document.activeElement !== text) {
      text.value = value.q;
    }
    clear.hidden = !filter.isActive();
    unit.show();
  }

  // A phone has room for the filter or for rows.
  opener.addEventListener("click", () => {
    const on = form.classList.toggle("map-filter-shown");
    opener.setAttribute("aria-expanded", String(on));
  });
  layer.addEventListener("change", () => filter.change({ layer: layer.value }));
  scope.addEventListener("change", () => filter.change({ inView: scope.value === "view" }));
  crop.addEventListener("change", () => filter.change({ crop: crop.value }));
  choice.addEventListener("change", () => filter.change({ choice: choice.value }));
  text.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => filter.change({ q: text.value.trim() }), PAUSE_MS);
  });
  clear.addEventListener("click", () => {
    filter.clear();
    text.value = "";
    layer.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(timer);
    filter.change({ q: text.value.trim() });
  });
  filter.onChange(show);
  show();
}
