// The attributes beside the map, made from what the server says of the layer.
import { kind, settings, words } from "../settings.js";
import { byId, element } from "./dom.js";

const editor = settings.editor;

export const fieldsOf = (layer) => editor.layers[layer].fields;

/** A value in words, for lists and for the two sides of a conflict. */
export function shown(field, value) {
  if (value === null || value === undefined || value === "") {
    return "–";
  }
  if (field.lookup === "crop") {
    return editor.crops.find((crop) => crop.code === value)?.name ?? value;
  }
  if (field.lookup === "commune") {
    return editor.communes.find((commune) => commune.code === value)?.name ?? value;
  }
  return field.choices ? kind(value) : String(value);
}

function options(field, value) {
  let list = [];
  if (field.lookup === "crop") {
    list = editor.crops.map(({ code, name }) => [code, name]);
  } else if (field.lookup === "commune") {
    list = editor.communes
      .filter(({ code }) => !editor.commune || code === editor.commune || code === value)
      .map(({ code, name }) => [code, name]);
  } else {
    list = field.choices.map((code) => [code, kind(code)]);
  }
  // What is stored stays a choice, also when the list has moved on.
  if (value && !list.some(([code]) => code === value)) {
    list.unshift([value, value]);
  }
  const empty = field.required || field.default ? [] : [["", field.lookup === "commune" ? words["edit-by-shape"] : "–"]];
  return [...empty, ...list].map(([code, name]) => element("option", { value: code, text: name, selected: code === (value ?? "") }));
}

function control(field, value) {
  const shared = { name: field.name, id: `edit-f-${field.name}`, required: field.required };
  if (field.choices || field.lookup === "crop" || field.lookup === "commune") {
    return element("select", shared, ...options(field, value));
  }
  if (field.long) {
    const area = element("textarea", { ...shared, rows: 3, maxlength: 2000 });
    area.value = value ?? "";
    return area;
  }
  const isNumber = field.type === "number" || field.type === "integer";
  return element("input", {
    ...shared,
    value: value ?? "",
    type: field.format === "date" ? "date" : isNumber ? "number" : "text",
    step: field.type === "number" ? "any" : field.type === "integer" ? "1" : undefined,
    inputmode: field.type === "integer" ? "numeric" : field.type === "number" ? "decimal" : undefined,
    maxlength: isNumber ? undefined : 500,
  });
}

/** What was typed, as the server wants it. */
function read(field, input) {
  const text = input.value.trim();
  if (text === "") {
    return null;
  }
  return field.type === "number" || field.type === "integer" ? Number(text) : text;
}

/** Build the form of a piece of work; each change is a step of it. */
export function fillForm(work) {
  const form = byId("edit-form");
  form.replaceChildren(
    ...fieldsOf(work.layer)
      .filter((field) => field.name !== "declared_area_ha" || work.layer !== "growing-areas" || work.isPoint || work.values.declared_area_ha)
      .map((field) => {
        const input = control(field, work.values[field.name]);
        input.addEventListener("change", () => {
          input.removeAttribute("aria-invalid");
          work.commitValue(field.name, read(field, input));
        });
        const label = element("label", { class: `edit-field${field.long ? " edit-wide" : ""}`, for: input.id });
        label.append(element("span", { text: field.title + (field.required ? " *" : "") }), input);
        return label;
      }),
  );
}

/** Bring the inputs in step with the work, after a step was undone. */
export function followForm(work) {
  for (const field of fieldsOf(work.layer)) {
    const input = byId(`edit-f-${field.name}`);
    const value = work.values[field.name] ?? "";
    if (input && input !== document.activeElement && input.value !== String(value)) {
      input.value = value;
    }
  }
}

/** Take over what is still being typed, so that a save never misses it. */
export function settleForm(work) {
  const active = document.activeElement;
  const field = fieldsOf(work.layer).find((one) => `edit-f-${one.name}` === active?.id);
  if (field) {
    work.commitValue(field.name, read(field, active));
  }
}

/** The first field that may not be empty and is, or that holds no number or day. */
export function firstMissing() {
  const wrong = [...byId("edit-form").elements].find((input) => !input.checkValidity());
  wrong?.setAttribute("aria-invalid", "true");
  return wrong;
}
