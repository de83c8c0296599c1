// What the rules say of a shape: each problem in words, and drawn where it is.
import { isEmpty } from "ol/extent.js";
import Feature from "ol/Feature.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import { decimal, number, settings, words } from "../settings.js";
import { byId, element } from "./dom.js";
import { problemStyle } from "./looks.js";
import { toMap } from "./work.js";

/** A pattern with its facts, or nothing when one of them is missing. */
function fill(pattern, facts) {
  let whole = Boolean(pattern);
  const filled = pattern?.replace(/\{(\w+)\}/g, (_, name) => {
    const value = facts[name];
    whole &&= value !== undefined && value !== null && value !== "";
    if (name === "lon" || name === "lat") {
      return value.toFixed(5);
    }
    return typeof value === "number" ? (Math.abs(value) >= 100 ? number(value) : decimal(value)) : value;
  });
  return whole ? filled : null;
}

/** One sentence in the language of the page; what the server says when the rule is new here. */
export function sentence({ rule, detail, facts = {} }) {
  const variants = [facts.kind ?? (facts.swapped ? "swapped" : ""), "", "short"].map((name) => (name ? `rule-${rule}-${name}` : `rule-${rule}`));
  const told = variants.map((key) => fill(words[key], facts)).find(Boolean);
  return told ?? detail;
}

export class Problems {
  constructor(map, view) {
    this.map = map;
    this.view = view;
    this.source = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, style: problemStyle, zIndex: 35 });
    this.list = byId("edit-problems");
    this.found = [];
  }

  start() {
    this.map.addLayer(this.layer);
  }

  stop() {
    this.clear();
    this.map.removeLayer(this.layer);
  }

  clear() {
    this.found = [];
    this.source.clear();
    this.list.replaceChildren();
    this.list.hidden = true;
  }

  get blocks() {
    return this.found.some((problem) => problem.severity === "error");
  }

  get warns() {
    return this.found.length > 0 && !this.blocks;
  }

  show(problems) {
    this.clear();
    this.found = [...problems].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
    for (const problem of this.found) {
      let feature = null;
      if (problem.place) {
        feature = new Feature({ geometry: toMap(problem.place), severity: problem.severity });
        this.source.addFeature(feature);
      }
      this.list.append(this.row(problem, feature));
    }
    this.list.hidden = !this.found.length;
  }

  row(problem, feature) {
    const isError = problem.severity === "error";
    const item = element("li", { class: isError ? "edit-error" : "edit-warning" });
    item.append(
      element("b", { text: isError ? words["edit-error"] : words["edit-warning"] }),
      element("span", { text: sentence(problem) }),
    );
    if (feature) {
      item.append(element("button", { type: "button", class: "edit-link", text: words["edit-show-place"], on: { click: () => this.go(feature) } }));
    }
    const other = problem.facts?.with;
    if (problem.rule === "overlap" && Number.isInteger(other)) {
      const layer = problem.facts.layer ?? this.layerId;
      const href = `${settings.items.replace("{layer}", layer)}/${other}?f=html`;
      item.append(element("a", { href, target: "_blank", rel: "noopener", class: "edit-link", text: words["edit-open-other"] }));
    }
    return item;
  }

  go(feature) {
    const extent = feature.getGeometry().getExtent();
    if (!isEmpty(extent) || feature.getGeometry().getType() === "Point") {
      this.map.getView().fit(extent, { padding: this.view.padding(), maxZoom: 19, duration: 300 });
    }
  }
}
