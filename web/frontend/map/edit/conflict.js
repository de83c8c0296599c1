// Somebody else saved first: both versions side by side, attribute by attribute and on the map, and
// a choice for each. Nothing is chosen silently where both sides changed the same thing.
import { boundingExtent, extend } from "ol/extent.js";
import Feature from "ol/Feature.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { decimal, say, settings, words } from "../settings.js";
import { byId, element } from "./dom.js";
import { fieldsOf, shown } from "./form.js";
import { versionStyle } from "./looks.js";
import { measure } from "./measure.js";
import { same, toMap } from "./work.js";

const moments = new Intl.DateTimeFormat(settings.language === "vi" ? "vi-VN" : "en-GB", { dateStyle: "short", timeStyle: "short" });

const plain = (value) => (value === null || value === undefined ? "" : String(value));

/**
 * What differs between three versions of a feature.
 *
 * @returns {{name, title, mine, theirs, choice}[]} `choice` is "mine" or "theirs" where only one side
 *   changed it, and null where both did, differently
 */
export function compare(layer, base, mine, theirs) {
  const rows = [];
  for (const field of fieldsOf(layer)) {
    const [was, here, there] = [base.properties[field.name], mine.values[field.name], theirs.properties[field.name]].map(plain);
    if (here !== there) {
      rows.push({
        name: field.name,
        title: field.title,
        mine: shown(field, here),
        theirs: shown(field, there),
        choice: here === was ? "theirs" : there === was ? "mine" : null,
      });
    }
  }
  if (!same(mine.geometry, theirs.geometry)) {
    const choice = same(mine.geometry, base.geometry) ? "theirs" : same(theirs.geometry, base.geometry) ? "mine" : null;
    rows.unshift({ name: null, title: words["edit-shape"], mine: size(mine.geometry), theirs: size(theirs.geometry), choice });
  }
  return rows;
}

function size(geometry) {
  if (!geometry || geometry.type === "Point") {
    return geometry ? geometry.coordinates.map((part) => part.toFixed(5)).reverse().join(", ") : "–";
  }
  const { area, corners } = measure(geometry);
  return say("edit-size", { area: decimal(area / 10000), count: corners });
}

export class Conflict {
  constructor(map, view) {
    this.map = map;
    this.view = view;
    this.source = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, style: versionStyle, zIndex: 45 });
    this.place = byId("edit-conflict");
  }

  get open() {
    return !this.place.hidden;
  }

  close() {
    this.place.hidden = true;
    this.place.replaceChildren();
    this.source.clear();
    this.map.removeLayer(this.layer);
  }

  /**
   * Show both versions until one choice per difference is made.
   *
   * @returns {Promise<{geometry, values} | null>} what to save on top of theirs, or null for later
   */
  ask(work, theirs, problem) {
    const rows = compare(work.layer, work.base, work, theirs);
    const who = problem.updated_by ?? words["edit-someone"];
    this.draw(work.geometry, theirs.geometry);
    this.place.replaceChildren(
      element("h3", { text: words["edit-conflict"], tabindex: "-1" }),
      element("p", { text: this.told(who, problem) }),
    );
    const form = element("form", { novalidate: true });
    rows.forEach((row, at) => form.append(this.row(row, at, who)));
    if (!rows.length) {
      form.append(element("p", { text: words["edit-no-difference"] }));
    }
    const warning = element("p", { class: "edit-small edit-choose", role: "status" });
    form.append(warning, element("div", { class: "edit-buttons" },
      element("button", { class: "button", type: "submit", text: words["edit-save-choice"] }),
      element("button", { class: "edit-quiet", type: "button", id: "edit-later", text: words["edit-later"] })));
    this.place.append(form);
    this.place.hidden = false;
    this.place.querySelector("h3").focus();
    return new Promise((resolve) => {
      byId("edit-later").addEventListener("click", () => {
        this.close();
        resolve(null);
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const chosen = new FormData(form);
        const open = rows.findIndex((_, at) => !chosen.get(`choice-${at}`));
        if (open >= 0) {
          warning.textContent = words["edit-choose-each"];
          form.querySelector(`[name=choice-${open}]`).focus();
          return;
        }
        this.close();
        resolve(this.take(rows, chosen, work, theirs));
      });
    });
  }

  told(who, problem) {
    const when = problem.updated_at ? moments.format(new Date(problem.updated_at)) : "";
    const reason = problem.reason ? ` ${say("edit-conflict-reason", { reason: problem.reason })}` : "";
    return `${say("edit-conflict-by", { who, when })}${reason} ${words["edit-conflict-how"]}`;
  }

  row(row, at, who) {
    const side = (name, value) => {
      const input = element("input", { type: "radio", name: `choice-${at}`, value: name, checked: row.choice === name });
      return element("label", { class: `edit-side edit-${name}` }, input, element("span", {}, element("b", { text: name === "mine" ? words["edit-mine"] : say("edit-theirs", { who }) }), element("span", { text: value })));
    };
    return element("fieldset", { class: row.choice ? "edit-row" : "edit-row edit-open" },
      element("legend", { text: row.title }),
      side("mine", row.mine),
      side("theirs", row.theirs));
  }

  take(rows, chosen, work, theirs) {
    let geometry = theirs.geometry;
    const values = {};
    rows.forEach((row, at) => {
      const mine = chosen.get(`choice-${at}`) === "mine";
      if (row.name === null) {
        geometry = mine ? work.geometry : theirs.geometry;
      } else if (mine) {
        values[row.name] = work.values[row.name];
      }
    });
    return { geometry, values };
  }

  draw(mine, theirs) {
    this.source.clear();
    for (const [side, geometry] of [["theirs", theirs], ["mine", mine]]) {
      if (geometry) {
        this.source.addFeature(new Feature({ geometry: toMap(geometry), side }));
      }
    }
    this.map.addLayer(this.layer);
    const extent = extend(boundingExtent([]), this.source.getExtent());
    this.map.getView().fit(extent, { padding: this.view.padding(), maxZoom: 18, duration: 250 });
  }
}
