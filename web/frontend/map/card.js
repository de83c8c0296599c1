// What is known of the thing that was picked, as a small card.
import { cropOf, day, decimal, hectares, kind, number, settings, words } from "./settings.js";

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) {
    made.textContent = text;
  }
  if (className) {
    made.className = className;
  }
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

function dot(colour) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 10 10");
  made.setAttribute("aria-hidden", "true");
  const circle = document.createElementNS(SVG, "circle");
  for (const [name, value] of Object.entries({ cx: 5, cy: 5, r: 5, fill: colour })) {
    circle.setAttribute(name, value);
  }
  made.append(circle);
  return made;
}

/** A crop in the language of the page, where the page knows it. */
function cropName(facts) {
  return cropOf.get(facts.crop)?.name ?? facts.crop_name;
}

/** The rows of a card by layer: what people ask about first. */
function rows(layer, facts) {
  const list = [];
  const add = (label, value) => {
    if (value !== null && value !== undefined && value !== "") {
      list.push([words[label], value]);
    }
  };
  if (layer === "growing-areas") {
    add("codes", facts.codes?.join(", "));
    add("crop", cropName(facts) && [cropName(facts), facts.variety].filter(Boolean).join(", "));
    add("area", facts.area_ha === null ? null : hectares(facts.area_ha));
    add("holder", facts.holder);
    add("households", facts.household_count === null ? null : number(facts.household_count));
    add("standard", facts.standard);
    add("commune", facts.commune_name);
    add("status", facts.status === "active" ? null : kind(facts.status));
  } else if (layer === "high-tech-zones") {
    add("product", facts.product);
    add("declared", facts.declared_area_ha === null ? null : hectares(facts.declared_area_ha));
    add("area", hectares(facts.area_ha));
    add("recognised", facts.recognised_on ? day(facts.recognised_on) : facts.recognised_year);
    add("commune", facts.commune_name);
  } else if (layer === "facilities") {
    add("kind", kind(facts.kind));
    add("code", facts.code);
    add("holder", facts.holder);
    add("commune", facts.commune_name);
  } else if (layer === "administrative-units") {
    add("code", facts.code);
    add("area", hectares(facts.declared_area_ha ?? facts.area_ha));
    add("population", facts.population === null ? null : number(facts.population));
    add("since", day(facts.valid_from));
  } else if (layer === "applications") {
    add("receipt", facts.receipt);
    add("status", kind(facts.status));
    add("crop", cropName(facts));
    add("due", facts.due_on && day(facts.due_on));
    add("commune", facts.commune_name);
  } else if (layer === "parcels") {
    add("code", facts.code);
    add("crop", cropName(facts));
    add("area", hectares(facts.area_ha));
    add("commune", facts.commune_name);
  } else if (layer === "tracks") {
    add("length", `${decimal(facts.length_m)} m`);
  }
  return list;
}

function title(layer, facts) {
  const generic = { parcels: words["parcels-title"] };
  return (
    facts.full_name ?? facts.name ?? facts.area_name ?? facts.codes?.[0] ?? cropName(facts) ?? facts.code ?? generic[layer] ?? words[layer]
  );
}

/** The page that tells everything of a thing. */
function pageOf(layer, id, facts) {
  const part = encodeURIComponent;
  switch (layer) {
    case "growing-areas":
      return `/vung-trong/${part(facts.codes?.[0] ?? id)}`;
    case "high-tech-zones":
      return `/vung-cong-nghe-cao/${part(facts.code ?? id)}`;
    case "administrative-units":
      return `/don-vi/${part(facts.code)}${facts.valid_to ? `/${facts.valid_from}` : ""}`;
    case "applications":
      return `/can-bo/ho-so/${part(facts.receipt)}`;
    default:
      return `${settings.items.replace("{layer}", layer)}/${id}?f=html`;
  }
}

/** Fill the card with one thing. `facts` are the properties of its GeoJSON feature. */
export function fillCard(card, layer, id, facts, close) {
  card.replaceChildren();
  const head = element("header");
  const colour = cropOf.get(facts.crop)?.colour;
  const kicker = element("p", layer === "parcels" ? words["parcels-title"] : words[layer], "map-kicker");
  if (colour) {
    kicker.prepend(dot(colour));
  }
  head.append(kicker, element("h2", title(layer, facts)));
  const button = element("button", "×", "map-close");
  button.type = "button";
  button.setAttribute("aria-label", words.close);
  button.addEventListener("click", close);
  head.append(button);
  card.append(head);
  if (facts.is_demo) {
    card.append(element("p", words.demo, "demo-mark"));
  }
  const list = element("dl");
  for (const [label, value] of rows(layer, facts)) {
    list.append(element("dt", label), element("dd", value));
  }
  card.append(list);
  if (facts.is_generalised) {
    card.append(element("p", words.rounded, "map-note"));
  }
  const link = element("a", words.open, "map-open");
  link.href = pageOf(layer, id, facts);
  card.append(link);
  // Whoever listens to "picked" puts a button here.
  const actions = element("div", undefined, "map-card-actions");
  actions.id = "map-card-actions";
  card.append(actions);
  card.hidden = false;
}

/** Fill the card with a cell of a far view: `shares` are crops with their hectares. */
export function fillSummary(card, sentence, shares, { close, nearer }) {
  card.replaceChildren();
  const head = element("header");
  head.append(element("p", sentence, "map-summary"));
  const button = element("button", "×", "map-close");
  button.type = "button";
  button.setAttribute("aria-label", words.close);
  button.addEventListener("click", close);
  head.append(button);
  card.append(head);
  const list = element("ul", undefined, "map-shares");
  for (const [crop, area] of shares) {
    const row = element("li");
    row.append(dot(cropOf.get(crop)?.colour ?? "#8a8f98"), element("span", cropOf.get(crop)?.name ?? crop), element("small", hectares(area)));
    list.append(row);
  }
  card.append(list);
  const zoom = element("button", words.nearer, "map-open");
  zoom.type = "button";
  zoom.addEventListener("click", nearer);
  card.append(zoom);
  card.hidden = false;
}
