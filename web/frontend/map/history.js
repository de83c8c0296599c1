// What was changed, by whom, when and why: of one feature, or of everything; and how to undo it.
import { ask, askReason, excuse, make } from "./panels/dom.js";
import { makeDifference } from "./panels/difference.js";
import { attributeRows, moment } from "./panels/revision.js";
import { decimal, number, say, settings, words } from "./settings.js";

const byId = (id) => document.getElementById(id);
// Of a large load, some of its features are enough.
const MOST_NAMED = 30;
const ACTIONS = { insert: "inserted", update: "updated", delete: "deleted" };

export function wireHistory(context) {
  const { map, panel } = context;
  const layerName = (layer) => settings.panels.titles[layer] ?? words[layer] ?? layer;
  const aside = byId("map-history");
  const body = byId("map-history-body");
  const title = byId("map-history-title");
  const opener = byId("map-history-open");
  const wide = window.matchMedia("(min-width: 800px)");
  const difference = makeDifference(map);
  // What is shown: `{layer, id, name, items, next, at}` of one feature, or null for all changes.
  let one = null;
  let ofLayer = "";
  let turn = 0;

  function open(on) {
    if (on) {
      context.emit("aside", aside);
    }
    aside.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    document.body.classList.toggle("map-with-history", on);
    if (on) {
      aside.focus();
    } else {
      one = null;
      turn += 1;
      difference.clear();
      opener.focus();
    }
  }

  function fail(error) {
    body.replaceChildren(make("p", { class: "history-trouble", role: "alert", text: excuse(error) }));
  }

  function padding() {
    const [top, right, bottom, left] = panel.padding();
    const table = byId("map-table");
    const below = table && !table.hidden ? table.offsetHeight + 40 : bottom;
    return wide.matches ? [top, aside.offsetWidth + 40, below, left] : [top, right, aside.offsetHeight + 24, left];
  }

  // One feature -------------------------------------------------------------------------------

  async function showFeature(layer, id, name) {
    const mine = ++turn;
    title.textContent = say("historyOf", { name });
    body.replaceChildren(make("p", { text: words.loading }));
    if (aside.hidden) {
      open(true);
    }
    try {
      const { items, next } = await ask(`/api/v1/${layer}/${id}/revisions`);
      if (mine === turn) {
        const row = items[0]?.after ?? items[0]?.before;
        one = { layer, id, name: row?.name ?? row?.code ?? name, items, next, at: 0 };
        title.textContent = say("historyOf", { name: one.name });
        drawFeature();
      }
    } catch (error) {
      if (mine === turn) {
        fail(error);
      }
    }
  }

  async function loadOlder() {
    const address = new URL(one.next, window.location.href);
    const { items, next } = await ask(address.pathname + address.search);
    one.items.push(...items);
    one.next = next;
    drawFeature();
  }

  function step(by) {
    const next = one.at + by;
    if (next >= 0 && next < one.items.length) {
      one.at = next;
      drawFeature();
    }
  }

  function drawFeature() {
    const back = make("button", { type: "button", class: "history-back", text: `‹ ${words.backToChanges}`, onclick: () => showChanges("") });
    if (!one.items.length) {
      difference.clear();
      body.replaceChildren(back, make("p", { text: words.noHistory }));
      return;
    }
    const focused = document.activeElement?.id;
    const revision = one.items[one.at];
    const seen = difference.show(revision.before_shape, revision.after_shape);
    if (seen.extent) {
      map.getView().fit(seen.extent, { padding: padding(), maxZoom: 17.5, duration: 250 });
    }
    body.replaceChildren(
      back,
      make("div", { class: "history-steps" }, [
        make("button", { type: "button", id: "history-older", text: `‹ ${words.older}`, disabled: one.at === one.items.length - 1, onclick: () => step(1) }),
        make("span", { text: say("revisionOf", { at: number(one.items.length - one.at), count: number(one.items.length) }) }),
        make("button", { type: "button", id: "history-newer", text: `${words.newer} ›`, disabled: one.at === 0, onclick: () => step(-1) }),
      ]),
      drawRevision(revision, seen),
      make("ol", { class: "history-list", reversed: true }, one.items.map(drawEntry)),
      one.next ? make("button", { type: "button", text: words.more, onclick: () => loadOlder().catch(fail) }) : "",
    );
    if (focused) {
      byId(focused)?.focus();
    }
  }

  function drawRevision(revision, seen) {
    const rows = attributeRows(revision);
    const parts = [
      make("p", { class: "history-what" }, [
        make("b", { class: `history-${revision.action}`, text: words[revision.action] }),
        ` ${moment(revision.at)} · `,
        make("b", { text: revision.actor }),
      ]),
      make("p", { class: revision.reason ? "history-reason" : "history-reason muted", text: revision.reason ?? words.noReason }),
    ];
    if (rows.length) {
      parts.push(
        make("table", { class: "history-rows" }, [
          make("thead", {}, [make("tr", {}, [make("th", { scope: "col", text: words.attribute }), make("th", { scope: "col", text: words.before }), make("th", { scope: "col", text: words.after })])]),
          make("tbody", {}, rows.map(([name, before, after]) => make("tr", {}, [make("th", { scope: "row", text: name }), make("td", { class: "history-old", text: before }), make("td", { class: "history-new", text: after })]))),
        ]),
      );
    }
    parts.push(drawShape(revision, seen));
    const actions = [];
    if (settings.may_edit.includes(one.layer)) {
      if (revision.after && one.at > 0) {
        actions.push(make("button", { type: "button", id: "history-bring-back", text: words.bringBack, onclick: () => bringBack(revision) }));
      }
      if (revision.change) {
        actions.push(make("button", { type: "button", id: "history-undo", text: words.undoChange, onclick: () => undo({ ...revision, id: revision.change }) }));
      }
    }
    if (actions.length) {
      parts.push(make("p", { class: "history-actions" }, actions));
    }
    return make("article", { class: "history-one" }, parts);
  }

  function drawShape(revision, seen) {
    if (!revision.is_shape_changed) {
      return make("p", { class: "muted", text: words.shapeSame });
    }
    if (seen.moved !== null) {
      return make("p", { text: say("shapeMoved", { distance: decimal(seen.moved) }) });
    }
    const key = (kind, text) => make("span", { class: `history-key history-key-${kind}`, text });
    return make("p", { class: "history-shape" }, [key("old", words.shapeRemoved), key("new", words.shapeAdded)]);
  }

  function drawEntry(revision, at) {
    const button = make("button", { type: "button", "aria-current": at === one.at ? "true" : null }, [
      make("b", { text: words[revision.action] }),
      make("span", { text: `${moment(revision.at)} · ${revision.actor}` }),
      make("small", { text: revision.reason ?? "" }),
    ]);
    button.addEventListener("click", () => {
      one.at = at;
      drawFeature();
    });
    return make("li", {}, [button]);
  }

  // What can be undone ------------------------------------------------------------------------

  function afterwards(layers, sentence) {
    context.complain("");
    for (const layer of layers) {
      context.refresh(layer);
      context.emit("changed", { layer, ids: [] });
    }
    if (context.state.picked) {
      const [layer, id] = context.state.picked.split("/");
      if (layers.includes(layer)) {
        context.pick(layer, Number(id)).catch(() => context.drop());
      }
    }
    const again = one ? showFeature(one.layer, one.id, one.name) : showChanges(ofLayer);
    return again.then(() => {
      body.prepend(make("p", { class: "history-done", role: "status", text: sentence }));
      body.scrollTop = 0;
      aside.focus();
    });
  }

  async function bringBack(revision) {
    const { layer, id } = one;
    const reason = await askReason({ title: say("bringBackTitle", { at: moment(revision.at) }), action: words.bringBack });
    if (!reason) {
      return;
    }
    try {
      // The version of the newest revision shown: what somebody did since is not overwritten.
      const newest = one.items[0];
      const version = (newest.after ?? newest.before).version;
      await ask(`/api/v1/${layer}/${id}/revert`, { method: "POST", reason, body: { revision: revision.id, version, reason } });
      await afterwards([layer], words.broughtBack);
    } catch (error) {
      body.prepend(make("p", { class: "history-trouble", role: "alert", text: excuse(error) }));
    }
  }

  async function undo(change) {
    const reason = await askReason({
      title: say("undoTitle", { at: moment(change.at), actor: change.actor }),
      action: words.undoChange,
      facts: [make("p", { text: words.undoWhole })],
    });
    if (!reason) {
      return;
    }
    try {
      await ask(`/api/v1/changes/${change.id}/revert`, { method: "POST", reason, body: { reason } });
      const layers = change.counts ? Object.keys(change.counts) : [one.layer];
      await afterwards(layers, words.undone);
    } catch (error) {
      const changed = error.problem?.features ?? [];
      body.prepend(
        make("div", { class: "history-trouble", role: "alert" }, [
          make("p", { text: changed.length ? words.notUndone : excuse(error) }),
          ...(changed.length ? [make("ul", {}, changed.slice(0, 12).map((feature) => make("li", {}, [featureButton(feature), ` · ${feature.by}`])))] : []),
        ]),
      );
    }
  }

  function featureButton({ layer, id, name }) {
    const said = name ?? `${layerName(layer)} ${id}`;
    return make("button", { type: "button", text: said, onclick: () => showFeature(layer, id, said) });
  }

  // All changes -------------------------------------------------------------------------------

  async function showChanges(layer) {
    const mine = ++turn;
    one = null;
    ofLayer = layer;
    difference.clear();
    title.textContent = words.historyOfLayer;
    if (aside.hidden) {
      open(true);
    }
    const select = make("select", { id: "history-layer", "aria-label": words.history }, [
      make("option", { value: "", text: words.allLayers }),
      ...Object.entries(settings.panels.titles).map(([name, text]) => make("option", { value: name, text, selected: name === layer })),
    ]);
    select.addEventListener("change", () => showChanges(select.value));
    const list = make("ol", { class: "history-changes" });
    const more = make("p");
    body.replaceChildren(select, list, more);
    const load = async (address) => {
      more.replaceChildren(words.loading);
      try {
        const { items, next } = await ask(address);
        if (mine !== turn) {
          return;
        }
        list.append(...items.map(drawChange));
        more.replaceChildren(!list.children.length ? words.noHistory : "");
        if (next) {
          const following = new URL(next, window.location.href);
          more.append(make("button", { type: "button", text: words.more, onclick: () => load(following.pathname + following.search) }));
        }
      } catch (error) {
        more.replaceChildren(excuse(error));
      }
    };
    await load(`/api/v1/changes?${new URLSearchParams({ ...(layer && { layer }), limit: "30" })}`);
  }

  function drawChange(change) {
    const layers = Object.keys(change.counts);
    const counts = layers.map((layer) => {
      const said = Object.entries(change.counts[layer]).map(([action, count]) => say(ACTIONS[action], { count: number(count) }));
      return `${layerName(layer)}: ${said.join(", ")}`;
    });
    const features = make("p", { class: "history-actions" });
    const which = make("button", {
      type: "button",
      text: words.whichOnes,
      onclick: async () => {
        which.disabled = true;
        try {
          const { items } = await ask(`/api/v1/changes/${change.id}/features?limit=${MOST_NAMED}`);
          features.replaceChildren(...items.map(featureButton), items.length === MOST_NAMED ? "…" : "");
        } catch (error) {
          features.replaceChildren(excuse(error));
        }
      },
    });
    const actions = [which];
    if (layers.every((layer) => settings.may_edit.includes(layer))) {
      actions.push(make("button", { type: "button", class: "history-undo", text: words.undoChange, onclick: () => undo(change) }));
    }
    return make("li", {}, [
      make("p", { class: "history-what" }, [make("b", { text: change.actor }), ` · ${moment(change.at)}`]),
      make("p", { text: counts.join(" · ") }),
      make("p", { class: change.reason ? "history-reason" : "history-reason muted", text: change.reason ?? words.noReason }),
      make("p", { class: "history-actions" }, actions),
      features,
    ]);
  }

  // -------------------------------------------------------------------------------------------

  opener.addEventListener("click", () => (aside.hidden ? showChanges("") : open(false)));
  byId("map-history-close").addEventListener("click", () => open(false));
  context.on("aside", (opened) => opened !== aside && !aside.hidden && open(false));
  aside.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      open(false);
    } else if (one && !event.target.closest("select") && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      step(event.key === "ArrowLeft" ? 1 : -1);
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, dialog");
    if (event.key.toLowerCase() === "h" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing && !context.state.busy) {
      event.preventDefault();
      opener.click();
    }
  });
  context.on("picked", ({ layer, id, feature }) => {
    const actions = byId("map-card-actions");
    if (!actions || !settings.panels.recorded.includes(layer)) {
      return;
    }
    const name = byId("map-card").querySelector("h2").textContent;
    actions.append(make("button", { type: "button", id: "map-card-history", text: words.history, onclick: () => showFeature(layer, id, name) }));
    if (!aside.hidden && one && (one.layer !== layer || String(one.id) !== String(id))) {
      showFeature(layer, feature.id, name);
    }
  });
  // `?lich-su=growing-areas/5` opens on one feature, `?lich-su=1` on all changes.
  const asked = new URLSearchParams(window.location.search).get("lich-su");
  const [, layer, id] = /^([a-z-]+)\/(\d+)$/.exec(asked ?? "") ?? [];
  if (layer) {
    showFeature(layer, Number(id), id);
  } else if (asked) {
    showChanges("");
  }
}
