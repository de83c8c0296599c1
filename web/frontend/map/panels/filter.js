// The filter: one state for the table, the map and the address, so that a link shows the same.
import { transformExtent } from "ol/proj.js";
import { settings, words } from "../settings.js";
import { ask } from "./dom.js";

// What the address calls the parts of a filter.
const NAMES = { layer: "lop", crop: "cay", choice: "loai", unit: "xa", q: "tim", inView: "khung" };
const EMPTY = { crop: "", choice: "", unit: "", q: "" };

/** What may be chosen of a layer: its coded property and the values, or nothing. */
export function choicesOf(layer) {
  return settings.panels.choices[layer] ?? null;
}

function has(layer, property) {
  return settings.panels.columns[layer].some((column) => column.name === property);
}

export const hasCrop = (layer) => has(layer, "crop_name");
export const hasUnit = (layer) => layer !== "tracks";

/** Read a filter from the address; what does not fit the layer is left out. */
function readAddress() {
  const asked = new URLSearchParams(window.location.search);
  const layer = asked.get(NAMES.layer);
  const value = { layer: settings.layers.includes(layer) ? layer : settings.panels.first, inView: asked.has(NAMES.inView), ...EMPTY };
  for (const key of Object.keys(EMPTY)) {
    value[key] = asked.get(NAMES[key])?.slice(0, 100) ?? "";
  }
  return { value: fit(value), open: asked.get("bang") === "1" };
}

function fit(value) {
  const choices = choicesOf(value.layer)?.values ?? [];
  return {
    ...value,
    crop: hasCrop(value.layer) ? value.crop : "",
    choice: choices.includes(value.choice) ? value.choice : "",
    unit: hasUnit(value.layer) ? value.unit : "",
  };
}

/** Keep a filter; `changed(filter)` is called after each change. */
export function makeFilter({ map }) {
  const listeners = [];
  const start = readAddress();
  let value = start.value;
  let open = start.open;

  function writeAddress() {
    const address = new URLSearchParams(window.location.search);
    for (const [key, name] of Object.entries(NAMES)) {
      const said = key === "inView" ? (value.inView ? "1" : "") : value[key];
      if (said && (key !== "layer" || open || filter.isActive())) {
        address.set(name, said);
      } else {
        address.delete(name);
      }
    }
    if (open) {
      address.set("bang", "1");
    } else {
      address.delete("bang");
    }
    const query = address.toString();
    window.history.replaceState(window.history.state, "", `${window.location.pathname}${query ? `?${query}` : ""}${window.location.hash}`);
  }

  const filter = {
    get value() {
      return value;
    },
    get open() {
      return open;
    },
    set open(on) {
      open = on;
      writeAddress();
    },
    isActive: () => Object.keys(EMPTY).some((key) => value[key] !== ""),
    /** Whether only the crop of growing areas is chosen: the pies of far views can show that. */
    isCropAlone: () => value.layer === "growing-areas" && value.crop !== "" && !value.choice && !value.unit && !value.q,
    change(part) {
      const next = fit({ ...value, ...part });
      if (Object.keys(next).every((key) => next[key] === value[key])) {
        return;
      }
      value = next;
      writeAddress();
      listeners.forEach((listen) => listen(filter));
    },
    clear: () => filter.change(EMPTY),
    onChange: (listen) => void listeners.push(listen),
    /** The filter as query parameters of the items, without the box of the view. */
    parameters() {
      const asked = {};
      const choices = choicesOf(value.layer);
      if (value.crop) {
        asked.crop = value.crop;
      }
      if (value.choice) {
        asked[choices.property] = value.choice;
      }
      if (value.unit) {
        asked.unit = value.unit;
      }
      if (value.q) {
        asked.q = value.q;
      }
      return asked;
    },
    /** West, south, east, north of what is seen, in degrees, as `bbox` takes it. */
    box() {
      const box = transformExtent(map.getView().calculateExtent(map.getSize()), "EPSG:3857", "EPSG:4326");
      const limits = [-180, -90, 180, 90];
      return box.map((number, at) => (at < 2 ? Math.max(number, limits[at]) : Math.min(number, limits[at])).toFixed(6)).join(",");
    },
    /** Which features fit: `{count, bbox, items}`; items is null when there are too many. */
    matches: () => ask(`/api/v1/${value.layer}/matches?${new URLSearchParams(filter.parameters())}`),
    /** How many of them lie in view. */
    async countInView() {
      const asked = new URLSearchParams({ ...filter.parameters(), bbox: filter.box(), limit: "0" });
      return (await ask(`/api/v1/${value.layer}/matches?${asked}`)).count;
    },
  };
  return filter;
}

/** A value of a coded property in words. */
export function choiceName(code) {
  return settings.kinds[code] ?? words[code] ?? code;
}
