// The keys of the editor; each does what a button does, and `?` lists them.
import { words } from "../settings.js";
import { byId, element } from "./dom.js";

/** What is pressed, as it is written in the list: "Ctrl+Shift+Z", "S", "?". */
function pressed(event) {
  const name = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  return `${control ? "Ctrl+" : ""}${event.shiftKey && control ? "Shift+" : ""}${name}`;
}

/** The keys by what they do; the first of a list is the one that is shown. */
export const KEYS = {
  point: ["1"],
  cut: ["2"],
  area: ["3"],
  shape: ["V"],
  move: ["M"],
  hole: ["H"],
  remove: ["X"],
  merge: ["G"],
  trace: ["T"],
  snap: ["N"],
  place: ["Space"],
  finish: ["Enter"],
  cancel: ["Escape"],
  delete: ["Delete", "Backspace"],
  undo: ["Ctrl+Z"],
  redo: ["Ctrl+Shift+Z", "Ctrl+Y"],
  save: ["S", "Ctrl+S"],
  keys: ["?"],
};

const byKey = new Map(Object.entries(KEYS).flatMap(([name, keys]) => keys.map((key) => [key, name])));
const TYPING = "input, select, textarea, [contenteditable]";

/**
 * Listen while something is edited.
 *
 * @param {() => boolean} active
 * @param {Record<string, () => (boolean | void)>} actions what each name does; false lets the key pass
 */
export function wireKeys(active, actions) {
  document.addEventListener("keydown", (event) => {
    if (!active() || document.querySelector("dialog[open]")) {
      return;
    }
    const key = pressed(event);
    const name = byKey.get(key);
    const typing = event.target.closest?.(TYPING);
    // In a field letters are text, and Ctrl+Z takes back letters; only saving is heard there.
    if (!name || event.altKey || (typing && !["Ctrl+S", "Escape"].includes(key))) {
      return;
    }
    // A button that has the focus is pressed by these keys itself.
    if ((key === "Enter" || key === "Space") && event.target.closest?.("button, a, summary")) {
      return;
    }
    if (typing && key === "Escape") {
      event.target.blur();
      event.preventDefault();
      return;
    }
    if (actions[name]?.() !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  const dialog = byId("edit-keys");
  byId("edit-keys-list").replaceChildren(
    ...Object.entries(KEYS).flatMap(([name, keys]) => [
      element("dt", {}, ...keys.slice(0, 2).flatMap((key, at) => [at ? " " : "", element("kbd", { text: words[`key-${key}`] ?? key })])),
      element("dd", { text: words[`edit-key-${name}`] }),
    ]),
    element("dt", {}, element("kbd", { text: words["key-alt-click"] })),
    element("dd", { text: words["edit-key-remove-one"] }),
  );
  byId("edit-keys-close").addEventListener("click", () => dialog.close());
  return () => dialog.showModal();
}
