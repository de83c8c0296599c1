// The rows that were selected, and what can be done with them.
import { number, say, settings, words } from "../settings.js";
import { ask, excuse, make } from "./dom.js";

// One bulk edit names so many features at most; more are a matter for an import.
const MOST = 2000;
const PAGE = 1000;

/** The address of the page that follows, on this host whatever name the server goes by. */
export function following(page) {
  const link = page.links.find((one) => one.rel === "next");
  if (!link) {
    return null;
  }
  const address = new URL(link.href, window.location.href);
  return address.pathname + address.search;
}

/**
 * Keep a selection of features of the filter's layer; it may span pages.
 *
 * `tell` hears `drawn()` when the selection changed, `zoomTo(features)`, `failed(sentence)`, and
 * gives `address(more)` of the rows, `total()` of them or null, and the features `shown()` now.
 */
export function makeSelection(tools, context, filter, tell) {
  const selected = new Map();
  const features = () => [...selected.values()];

  function changed(layer, ids) {
    clear();
    context.refresh(layer);
    context.emit("changed", { layer, ids });
    const [of, id] = context.state.picked?.split("/") ?? [];
    if (of === layer && ids.includes(Number(id))) {
      context.pick(layer, Number(id));
    }
  }

  /** The form is loaded by who may write, when it is asked for. */
  async function change() {
    const { openBulk } = await import("./bulk.js");
    openBulk({ context, layer: filter.value.layer, features: features(), done: changed });
  }

  async function selectAll() {
    try {
      let address = tell.address({ limit: String(PAGE) });
      while (address && selected.size < MOST) {
        const page = await ask(address, { headers: { Accept: "application/geo+json" } });
        page.features.slice(0, MOST - selected.size).forEach((feature) => selected.set(feature.id, feature));
        address = following(page);
      }
      draw();
    } catch (error) {
      tell.failed(excuse(error));
    }
  }

  function draw() {
    const button = (text, onclick, strong) => make("button", { type: "button", class: strong && "button-strong", text, onclick });
    const parts = [];
    if (selected.size) {
      parts.push(make("b", { text: say("selectedCount", { count: number(selected.size) }) }), button(words.zoomToThem, () => tell.zoomTo(features())));
      if (settings.editor?.layers[filter.value.layer]) {
        parts.push(button(words.editThem, change, true));
      }
      const [total, shown] = [tell.total(), tell.shown()];
      if (total > selected.size && shown.length && shown.every((one) => selected.has(one.id))) {
        parts.push(button(say("selectAll", { count: number(Math.min(total, MOST)) }), selectAll));
      }
      parts.push(button(words.unselect, clear));
    }
    tools.replaceChildren(...parts);
    tools.hidden = !parts.length;
    tell.drawn();
  }

  function clear() {
    selected.clear();
    draw();
  }

  return {
    draw,
    clear,
    features,
    has: (id) => selected.has(id),
    set(some, on) {
      some.forEach((feature) => (on ? selected.set(feature.id, feature) : selected.delete(feature.id)));
      draw();
    },
  };
}
