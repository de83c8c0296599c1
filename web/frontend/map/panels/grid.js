// The rows themselves: drawn page by page, walked by arrow keys, selected by boxes and with Shift.
import { colourOf } from "../paint.js";
import { cropOf, day, decimal, number, words } from "../settings.js";
import { make } from "./dom.js";
import { choiceName } from "./filter.js";

const CODED = new Set(["status", "kind", "level"]);
const SVG = "http://www.w3.org/2000/svg";

function dot(colour) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 10 10");
  made.setAttribute("class", "grid-dot");
  made.setAttribute("aria-hidden", "true");
  const circle = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: 5, cy: 5, r: 5, fill: colour })) {
    circle.setAttribute(name, value);
  }
  made.append(circle);
  return made;
}

/** A value as people write it. */
export function present(column, value) {
  if (value === null || value === undefined || value === "") {
    return "";
  }
  if (Array.isArray(value)) {
    return value.join(", ");
  }
  if (column.type === "boolean") {
    return value ? words.yes : "";
  }
  if (column.type === "date" || column.type === "date-time") {
    return day(value);
  }
  if (column.type === "number") {
    return decimal(value);
  }
  if (column.type === "integer") {
    // A year is no quantity.
    return column.name.endsWith("_year") || column.name.endsWith("_id") ? String(value) : number(value);
  }
  return CODED.has(column.name) ? choiceName(value) : String(value);
}

function cell(column, facts, heading) {
  const value = facts[column.name];
  const text = column.name === "crop_name" ? (cropOf.get(facts.crop)?.name ?? value ?? "") : present(column, value);
  const numeric = column.type === "number" || column.type === "integer";
  const made = make(heading ? "th" : "td", { class: numeric ? "grid-number" : null, scope: heading ? "row" : null, title: text.length > 28 ? text : null });
  if (column.name === "crop_name" && facts.crop) {
    made.append(dot(colourOf(facts.crop)));
  }
  made.append(text);
  return made;
}

/**
 * A grid in `table`. `tell` gives columns and state, and hears what people do.
 *
 * One row is in the order of Tab; arrows, Home and End go through the rows, Space selects, with
 * Shift up to the row selected last, Enter picks on the map.
 */
export function makeGrid(table, tell) {
  const head = table.tHead;
  const body = table.tBodies[0];
  let features = [];
  let anchor = null;

  const rows = () => [...body.rows];
  const rowOf = (id) => rows().find((row) => row.dataset.id === String(id));
  const featureOf = (row) => features.find((one) => String(one.id) === row.dataset.id);

  function select(row, on, withShift) {
    const all = rows();
    const from = anchor === null ? -1 : all.findIndex((one) => one.dataset.id === anchor);
    const to = all.indexOf(row);
    const range = withShift && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [row];
    anchor = row.dataset.id;
    tell.onSelect(range.map(featureOf), on);
  }

  function focus(row) {
    if (!row) {
      return;
    }
    rows().forEach((one) => (one.tabIndex = one === row ? 0 : -1));
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    tell.onOver(featureOf(row));
  }

  function drawHead() {
    const all = make("input", {
      type: "checkbox",
      "aria-label": words.selectPage,
      onchange: (event) => tell.onSelect(features, event.target.checked),
    });
    const cells = [make("th", { class: "grid-box", scope: "col" }, [make("label", {}, [all])])];
    for (const column of tell.columns()) {
      const ascending = tell.sort() === column.name;
      const descending = tell.sort() === `-${column.name}`;
      const numeric = column.type === "number" || column.type === "integer";
      const title = column.type === "array" ? column.title : make("button", {
        type: "button",
        text: column.title,
        "data-sort": column.name,
        onclick: () => tell.onSort(ascending ? `-${column.name}` : descending ? "" : column.name),
      });
      cells.push(
        make("th", { scope: "col", class: numeric ? "grid-number" : null, "aria-sort": ascending ? "ascending" : descending ? "descending" : null }, [title]),
      );
    }
    const focused = document.activeElement?.dataset?.sort;
    head.replaceChildren(make("tr", {}, cells));
    if (focused) {
      head.querySelector(`[data-sort="${focused}"]`)?.focus();
    }
  }

  function drawRow(feature, at) {
    const box = make("input", { type: "checkbox", tabindex: -1, "aria-label": words.selectRow });
    const columns = tell.columns();
    const named = columns.findIndex((column) => ["name", "area_name", "code", "receipt"].includes(column.name) && feature.properties[column.name]);
    const row = make("tr", { "data-id": String(feature.id), tabindex: at === 0 ? 0 : -1 }, [
      make("td", { class: "grid-box" }, [make("label", {}, [box])]),
      ...columns.map((column, index) => cell(column, feature.properties, index === Math.max(named, 0))),
    ]);
    box.addEventListener("click", (event) => {
      event.stopPropagation();
      select(row, box.checked, event.shiftKey);
    });
    row.addEventListener("click", (event) => {
      if (event.target.closest(".grid-box")) {
        return;
      }
      if (event.shiftKey || event.ctrlKey || event.metaKey) {
        select(row, !tell.isSelected(feature.id) || event.shiftKey, event.shiftKey);
        return;
      }
      focus(row);
      tell.onPick(feature);
    });
    row.addEventListener("pointerenter", () => tell.onOver(feature));
    return row;
  }

  body.addEventListener("pointerleave", () => tell.onOver(null));
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    const all = rows();
    const at = all.indexOf(row);
    const goTo = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (goTo !== undefined) {
      event.preventDefault();
      const next = all[Math.min(Math.max(goTo, 0), all.length - 1)];
      if (event.shiftKey && next !== row) {
        anchor ??= row.dataset.id;
        tell.onSelect([featureOf(row), featureOf(next)], true);
      }
      focus(next);
    } else if (event.key === " ") {
      event.preventDefault();
      select(row, !tell.isSelected(featureOf(row).id), event.shiftKey);
    } else if (event.key === "Enter") {
      event.preventDefault();
      tell.onPick(featureOf(row));
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      tell.onPage(event.key === "PageDown" ? 1 : -1);
    }
  });

  /** Show on the rows what is selected and picked. */
  function mark() {
    for (const row of rows()) {
      const { id } = featureOf(row);
      const on = tell.isSelected(id);
      row.setAttribute("aria-selected", String(on));
      row.classList.toggle("grid-picked", tell.isPicked(id));
      row.querySelector("input").checked = on;
    }
    const count = features.filter((one) => tell.isSelected(one.id)).length;
    const all = head.querySelector("input");
    if (all) {
      all.checked = count > 0 && count === features.length;
      all.indeterminate = count > 0 && count < features.length;
    }
  }

  return {
    draw(next) {
      const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.id : null;
      features = next;
      drawHead();
      body.replaceChildren(...next.map(drawRow));
      mark();
      if (focused) {
        const row = rowOf(focused) ?? rows()[0];
        rows().forEach((one) => (one.tabIndex = one === row ? 0 : -1));
        row?.focus({ preventScroll: true });
      }
    },
    mark,
    focusFirst: () => focus(rows()[0]),
    /** Bring a row into sight without taking the focus. */
    reveal(id) {
      rowOf(id)?.scrollIntoView({ block: "nearest" });
    },
  };
}
