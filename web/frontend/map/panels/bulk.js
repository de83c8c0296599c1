// One change of attributes for many features: form, preview, what stood in the way.
import { sentence } from "../edit/problems.js";
import { number, say, settings, words } from "../settings.js";
import { ask, excuse, make, Refusal } from "./dom.js";
import { choiceName } from "./filter.js";

const MOST_NAMED = 12;

/** The fields that make sense for many features at once. */
function fieldsOf(layer) {
  return settings.editor.layers[layer].fields.filter((field) => !["name", "code"].includes(field.name));
}

function optionsOf(field) {
  if (field.lookup === "crop") {
    return settings.editor.crops.map(({ code, name }) => [code, name]);
  }
  if (field.lookup === "commune") {
    return settings.editor.communes.map(({ code, name }) => [code, name]);
  }
  return field.choices?.map((code) => [code, choiceName(code)]) ?? null;
}

function inputFor(field, id) {
  const options = optionsOf(field);
  if (options) {
    const empty = field.required ? [] : [["", words.leaveEmpty]];
    return make("select", { id }, [...empty, ...options].map(([value, text]) => make("option", { value, text })));
  }
  const types = { integer: ["number", "1"], number: ["number", "any"], date: ["date", null] };
  const [type, step] = types[field.format ?? field.type] ?? ["text", null];
  return make("input", { id, type, step, maxlength: type === "text" ? 500 : null });
}

/** What an input says, in the type of its field; null when it was left empty. */
function valueOf(field, input) {
  if (input.value === "") {
    return null;
  }
  return field.type === "integer" || field.type === "number" ? Number(input.value) : input.value;
}

function inWords(field, value) {
  if (value === null || value === undefined || value === "") {
    return words.nothingThere;
  }
  return optionsOf(field)?.find(([code]) => code === value)?.[1] ?? String(value);
}

function nameOf(feature) {
  const facts = feature.properties;
  return facts.name ?? facts.code ?? facts.codes?.[0] ?? `${feature.id}`;
}

/** "coffee (7), dragon fruit (5)": what stands there now, the most frequent first. */
function valuesNow(field, features) {
  const counts = new Map();
  for (const feature of features) {
    const said = inWords(field, feature.properties[field.name]);
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 4).map(([said, count]) => (sorted.length > 1 ? `${said} (${number(count)})` : said));
  return shown.join(", ") + (sorted.length > 4 ? "…" : "");
}

/**
 * Open the form for these features (GeoJSON, with their `version`).
 *
 * `done(layer, ids)` is called after the server took the change, which it takes whole or not at all.
 */
export function openBulk({ context, layer, features, done }) {
  const fields = fieldsOf(layer);
  let kept = features;
  let sending = false;

  const which = make("select", { id: "bulk-field" }, fields.map((field) => make("option", { value: field.name, text: field.title })));
  const place = make("div", { class: "map-ask-field" });
  const reason = make("textarea", { id: "bulk-reason", rows: 2, maxlength: 500, required: true });
  const preview = make("p", { class: "bulk-preview", role: "status" });
  const trouble = make("div", { class: "bulk-trouble", role: "alert" });
  const submit = make("button", { type: "submit", class: "button-strong" });
  const form = make("form", { class: "map-ask", novalidate: false }, [
    make("h2", { text: words.bulkTitle }),
    make("label", { for: "bulk-field", text: words.attribute }),
    which,
    place,
    preview,
    make("label", { for: "bulk-reason", text: words.reason }),
    reason,
    trouble,
    make("p", { class: "map-ask-actions" }, [make("button", { type: "button", class: "button-quiet", text: words.cancel, onclick: () => dialog.close() }), submit]),
  ]);
  const dialog = make("dialog", { class: "map-dialog", "aria-label": words.bulkTitle }, [form]);

  const field = () => fields.find((one) => one.name === which.value);
  const input = () => place.querySelector("input, select");

  function drawField() {
    place.replaceChildren(make("label", { for: "bulk-value", text: words.newValue }), inputFor(field(), "bulk-value"));
    input().addEventListener("input", drawPreview);
    drawPreview();
  }

  /** The features that the change would change. */
  function changing() {
    const value = valueOf(field(), input());
    return kept.filter((feature) => (feature.properties[field().name] ?? null) !== value);
  }

  function drawPreview() {
    const value = valueOf(field(), input());
    const count = changing().length;
    const same = kept.length - count;
    preview.replaceChildren(
      make("b", { text: say("bulkCount", { count: number(count) }) }),
      ` ${field().title}: ${valuesNow(field(), kept)} → `,
      make("b", { text: inWords(field(), value) }),
      same ? ` · ${say("bulkSame", { count: number(same) })}` : "",
    );
    submit.textContent = say("bulkDo", { count: number(count) });
    submit.disabled = count === 0;
  }

  /** Say which features somebody changed meanwhile; the others may go on without them. */
  async function drawConflicts(error) {
    const stale = [];
    for (const feature of changing()) {
      const now = await ask(`${settings.items.replace("{layer}", layer)}/${feature.id}`, { headers: { Accept: "application/geo+json" } }).catch((refused) => refused);
      if (now instanceof Refusal || now.properties?.version !== feature.properties.version) {
        stale.push([feature, now instanceof Refusal ? null : now]);
      }
    }
    if (!stale.length) {
      trouble.replaceChildren(make("p", { text: excuse(error) }));
      return;
    }
    const fresh = new Map(stale.map(([feature, now]) => [feature.id, now]));
    trouble.replaceChildren(
      make("p", { text: say("bulkConflicts", { count: number(stale.length) }) }),
      make(
        "ul",
        {},
        stale.map(([feature, now]) => {
          const value = now && inWords(field(), now.properties[field().name]);
          return make("li", { text: now ? `${nameOf(feature)}: ${say("bulkNow", { value, version: now.properties.version })}` : `${nameOf(feature)}: ${words.deletedSince}` });
        }),
      ),
      make("p", { class: "map-ask-actions" }, [
        make("button", {
          type: "button",
          text: words.takeTheirs,
          onclick() {
            kept = kept.filter((feature) => fresh.get(feature.id) !== null).map((feature) => fresh.get(feature.id) ?? feature);
            trouble.replaceChildren();
            drawPreview();
          },
        }),
        make("button", {
          type: "button",
          text: words.leaveThemOut,
          onclick() {
            kept = kept.filter((feature) => !fresh.has(feature.id));
            trouble.replaceChildren();
            drawPreview();
          },
        }),
      ]),
    );
  }

  /** What the rules have against it, feature by feature: a row is the place among what was sent. */
  function drawProblems(error, targets) {
    const problems = (error.problem?.problems ?? []).filter((one) => one.severity === "error");
    const named = problems.slice(0, MOST_NAMED).map((one) => `${nameOf(targets[one.row - 1])}: ${sentence(one)}`);
    trouble.replaceChildren(
      make("p", { text: named.length ? words.bulkProblems : excuse(error) }),
      ...(named.length ? [make("ul", {}, named.map((text) => make("li", { text })))] : []),
    );
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = reason.value.trim();
    if (sending) {
      return;
    }
    if (!said) {
      reason.focus();
      return;
    }
    const targets = changing();
    // A disabled button would drop the focus out of the dialog.
    sending = true;
    submit.textContent = words.changing;
    trouble.replaceChildren();
    try {
      await ask(`/api/v1/${layer}/properties`, {
        method: "POST",
        reason: said,
        body: {
          features: targets.map((feature) => ({ id: feature.id, version: feature.properties.version })),
          properties: { [field().name]: valueOf(field(), input()) },
          reason: said,
        },
      });
      dialog.close();
      context.complain("");
      done(
        layer,
        targets.map((feature) => feature.id),
      );
    } catch (error) {
      sending = false;
      drawPreview();
      if ([404, 409, 412].includes(error.status)) {
        await drawConflicts(error);
      } else {
        drawProblems(error, targets);
      }
    }
  });
  which.addEventListener("change", drawField);
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  drawField();
  dialog.showModal();
}
