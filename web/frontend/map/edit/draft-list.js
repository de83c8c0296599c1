// Keeping the draft of the work in hand, and offering the kept ones again.
import { say, settings, words } from "../settings.js";
import { ask, byId, element } from "./dom.js";
import { dropDraft, keepDraft, listDrafts } from "./drafts.js";

const { editor } = settings;
const KEEP_MS = 250;
const MOST_OFFERED = 3;
const locale = settings.language === "vi" ? "vi-VN" : "en-GB";
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const daily = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });

function when(at) {
  return (new Date(at).toDateString() === new Date().toDateString() ? clock : daily).format(at);
}

export const keyOf = (layer, id) => `${editor.user}/${layer}/${id}`;

/** @param {() => import("./work.js").Work | null} current @param {(draft: object) => void} begin */
export function wireDrafts(current, begin) {
  let timer = 0;

  async function keep() {
    window.clearTimeout(timer);
    const work = current();
    if (!work) {
      return;
    }
    if (!work.isDirty) {
      // Taken back step by step until nothing was left of it.
      byId("edit-kept").textContent = "";
      await dropDraft(work.key);
      return;
    }
    const { key, layer, id, kind, base, geometry, values, sketch, reason } = work;
    const at = Date.now();
    const title = values.name || values.code || "";
    const done = await keepDraft({ key, user: editor.user, layer, id, kind, base, geometry, values, sketch, reason, title, at });
    if (current()?.key === key) {
      byId("edit-kept").textContent = done ? say("edit-kept", { time: clock.format(at) }) : words["edit-not-kept"];
    }
  }

  function resume(draft) {
    begin(draft);
    byId("edit-kept").textContent = say("edit-resumed", { time: when(draft.at) });
  }

  async function throwAway(draft) {
    if ((await ask({ title: words["edit-throw"], text: words["edit-discard-text"], yes: words["edit-discard-yes"] })) !== false) {
      await dropDraft(draft.key);
      offer();
    }
  }

  function row(draft) {
    const layer = editor.layers[draft.layer]?.title ?? draft.layer;
    const text = say(draft.title ? "edit-draft" : "edit-draft-unnamed", { time: when(draft.at), layer, name: draft.title });
    return element(
      "div",
      { class: "edit-draft" },
      element("p", { text }),
      element(
        "div",
        { class: "edit-buttons" },
        element("button", { type: "button", class: "button", text: words["edit-continue"], on: { click: () => resume(draft) } }),
        element("button", { type: "button", class: "edit-quiet", text: words["edit-throw"], on: { click: () => throwAway(draft) } }),
      ),
    );
  }

  async function offer() {
    const place = byId("edit-drafts");
    const drafts = (await listDrafts(editor.user)).filter((draft) => editor.layers[draft.layer]);
    if (!current()) {
      place.replaceChildren(...drafts.slice(0, MOST_OFFERED).map(row));
      place.hidden = !drafts.length;
    }
  }

  // A page that is left or falls asleep may never wake again.
  window.addEventListener("beforeunload", (event) => {
    if (current()?.isDirty) {
      keep();
      event.preventDefault();
    }
  });
  window.addEventListener("pagehide", () => void keep());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());

  return {
    keep,
    resume,
    offer,
    keepSoon() {
      window.clearTimeout(timer);
      timer = window.setTimeout(keep, KEEP_MS);
    },
    /** The work in hand is done with: nothing of it is kept any more. */
    async drop(key) {
      window.clearTimeout(timer);
      await dropDraft(key);
    },
    find: async (layer, id) => (await listDrafts(editor.user)).find((draft) => draft.key === keyOf(layer, id)),
  };
}
