// How everything on the map looks: calm ground, crops in the colours of the legend.
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { colourOf, darker, fade, hatch, kept, label, pie, TYPE, UNKNOWN, wrap } from "./paint.js";
import { cropOf } from "./settings.js";
import { siteIcon } from "./icons.js";

// Neighbouring communes differ a little, as on a printed administrative map.
const GROUND = ["#f8f5ea", "#f1f5e9", "#f7f0e8", "#eef3ef", "#f4f3f0", "#f2f0e4", "#f6f6f2"];

function ground(feature, state) {
  const code = feature.get("code") ?? "";
  const level = feature.get("level");
  const tint = [...code].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % GROUND.length;
  // Over an orthophoto only the borders are drawn.
  return kept(`ground ${level} ${tint} ${Boolean(state.backdrop)}`, () => {
    if (level === "province") {
      return [new Style({ zIndex: 3, stroke: new Stroke({ color: "rgba(96,84,72,.55)", width: 2.4 }) })];
    }
    return [
      new Style({
        zIndex: 0,
        // Not without any: what has no inside cannot be picked there.
        fill: new Fill({ color: state.backdrop ? "rgba(255,255,255,.02)" : GROUND[tint] }),
        stroke: new Stroke({ color: `rgba(255,255,255,${state.backdrop ? 0.5 : 0.9})`, width: 4 }),
      }),
      new Style({ zIndex: 2, stroke: new Stroke({ color: state.backdrop ? "#6b6a55" : "#a9a893", width: 1.1 }) }),
    ];
  });
}

function groundLabel(feature, zoom) {
  const level = feature.get("level");
  if (level === "province" ? zoom >= 9.2 : zoom < 8.7) {
    return undefined;
  }
  const size = level === "province" ? 16 : zoom < 10 ? 13 : zoom < 12 ? 15 : 17;
  const name = feature.get("name");
  return kept(`unit ${name} ${size} ${zoom < 12}`, () => [
    // Far away the middle of a commune is where its pies are: the name stands above.
    new Style({ zIndex: 40, text: label(name, size, "#55604f", { weight: 650, offsetY: zoom < 12 ? -20 : 0 }) }),
  ]);
}

function formerUnit(feature) {
  const district = feature.get("level") === "district";
  return kept(`former ${district}`, () => [
    new Style({
      zIndex: 4,
      stroke: new Stroke({ color: district ? "#7a3f7e" : "#9b6aa0", width: district ? 2.4 : 1.3, lineDash: [7, 5] }),
    }),
  ]);
}

function formerLabel(feature, zoom) {
  if (zoom < 9.4 || feature.get("level") === "district") {
    return undefined;
  }
  const name = feature.get("name");
  return kept(`former ${name}`, () => [
    new Style({ zIndex: 39, text: label(name, 13, "#7a3f7e", { weight: "italic 500", offsetY: 15 }) }),
  ]);
}

function area(feature, state) {
  const crop = feature.get("crop");
  const picked = state.isPicked(feature);
  if (state.crop && state.crop !== crop && !picked) {
    return undefined;
  }
  const colour = colourOf(crop);
  const over = state.isOver(feature);
  const geometry = feature.getType();
  if (geometry === "Point" || geometry === "MultiPoint") {
    const rounded = feature.get("generalised");
    return kept(`spot ${crop} ${rounded} ${picked} ${over}`, () => [
      new Style({
        zIndex: picked ? 21 : 12,
        image: new CircleStyle({
          radius: rounded ? 8.5 : 6.5,
          fill: new Fill({ color: fade(colour, rounded ? 0.3 : 0.75) }),
          stroke: new Stroke({
            color: picked ? "#14281c" : darker(colour),
            width: picked || over ? 2.6 : 1.5,
            lineDash: rounded ? [3, 3] : undefined,
          }),
          declutterMode: "none",
        }),
      }),
    ]);
  }
  const opacity = state.backdrop ? 0.28 : 0.62;
  return kept(`area ${crop} ${picked} ${over} ${opacity}`, () => {
    const styles = [
      new Style({
        zIndex: picked ? 19 : over ? 11 : 10,
        fill: new Fill({ color: fade(colour, opacity + (picked || over ? 0.18 : 0)) }),
        stroke: new Stroke({ color: darker(colour), width: over ? 2.4 : 1.2 }),
      }),
    ];
    if (picked) {
      styles.push(
        new Style({ zIndex: 20, stroke: new Stroke({ color: "#ffffff", width: 5.5 }) }),
        new Style({ zIndex: 21, stroke: new Stroke({ color: "#14281c", width: 2.6 }) }),
      );
    }
    return styles;
  });
}

function areaLabel(feature, zoom, state) {
  if (zoom < 14 || state.crop) {
    return undefined;
  }
  const name = feature.get("name");
  return kept(`name ${name}`, () => [
    new Style({ zIndex: 35, text: label(wrap(name, 20), 13, "#26332b", { weight: 550 }) }),
  ]);
}

/** What a summary's `crops` say: `[code, area]`, the largest first. */
export function sharesOf(feature) {
  return feature
    .get("crops")
    .split(",")
    .map((part) => part.split(":"))
    .map(([crop, hectares]) => [crop, Number(hectares)]);
}

function areaSummary(feature, state) {
  let shares = sharesOf(feature);
  if (state.crop) {
    shares = shares.filter(([crop]) => crop === state.crop);
  }
  if (!shares.length) {
    return undefined;
  }
  const total = shares.reduce((sum, [, hectares]) => sum + hectares, 0);
  const radius = Math.round(Math.min(26, 6 + Math.sqrt(total) * 1.1));
  return kept(`pie ${radius} ${shares.join(" ")}`, () => [
    new Style({ zIndex: 30 - radius / 10, image: pie(shares, radius) }),
  ]);
}

function zone(feature, state) {
  const picked = state.isPicked(feature);
  const over = state.isOver(feature);
  if (feature.getType() === "Point") {
    return kept(`zone spot ${picked}`, () => [
      new Style({
        zIndex: 15,
        image: new CircleStyle({
          radius: 6,
          fill: new Fill({ color: "#1d6fa5" }),
          stroke: new Stroke({ color: "#fff", width: 2 }),
          declutterMode: "none",
        }),
      }),
    ]);
  }
  return kept(`zone ${picked} ${over}`, () => [
    new Style({ zIndex: 6, fill: new Fill({ color: "rgba(29,111,165,.1)" }) }),
    new Style({ zIndex: 7, fill: new Fill({ color: hatch() }) }),
    new Style({ zIndex: 16, stroke: new Stroke({ color: "rgba(255,255,255,.9)", width: picked || over ? 6 : 4.5 }) }),
    new Style({ zIndex: 17, stroke: new Stroke({ color: picked ? "#0b3f63" : "#1d6fa5", width: picked || over ? 3.2 : 2 }) }),
  ]);
}

function zoneLabel(feature, zoom) {
  if (zoom < 11) {
    return undefined;
  }
  const name = feature.get("name");
  return kept(`zone ${name}`, () => [
    new Style({ zIndex: 38, text: label(wrap(name, 22), 14, "#0f4f7d", { weight: 600 }) }),
  ]);
}

function site(feature, zoom, state) {
  const code = feature.get("kind");
  const picked = state.isPicked(feature);
  const base = kept(`site ${code} ${picked}`, () => [
    new Style({ zIndex: picked ? 34 : 32, image: siteIcon(code, picked) }),
  ]);
  const name = feature.get("name");
  if (zoom < 13.5 || !name) {
    return base;
  }
  return [
    ...base,
    ...kept(`site ${name}`, () => [
      new Style({ zIndex: 36, text: label(name, 12.5, "#26332b", { weight: 500, offsetY: 21 }) }),
    ]),
  ];
}

function siteSummary(feature) {
  const count = feature.get("count");
  return kept(`sites ${count}`, () => [
    new Style({
      zIndex: 31,
      image: new CircleStyle({
        radius: 8.5,
        // A badge at the shoulder of the pie that stands in the same place.
        displacement: [15, 13],
        fill: new Fill({ color: "#33463b" }),
        stroke: new Stroke({ color: "#fff", width: 1.6 }),
        declutterMode: "none",
      }),
      text: new Text({
        text: String(count),
        font: `600 11px ${TYPE}`,
        offsetX: 15,
        offsetY: -12.5,
        fill: new Fill({ color: "#fff" }),
        declutterMode: "none",
      }),
    }),
  ]);
}

function application(feature, state) {
  const picked = state.isPicked(feature);
  const open = feature.get("status") === "submitted";
  return kept(`application ${open} ${picked}`, () => [
    new Style({
      zIndex: 24,
      fill: new Fill({ color: open ? "rgba(180,83,9,.22)" : "rgba(90,90,90,.12)" }),
      stroke: new Stroke({ color: open ? "#b45309" : "#6b7280", width: picked ? 3.4 : 2.2, lineDash: [6, 4] }),
      image: new CircleStyle({
        radius: 7,
        fill: new Fill({ color: open ? "#b45309" : "#6b7280" }),
        stroke: new Stroke({ color: "#fff", width: 2 }),
        declutterMode: "none",
      }),
    }),
  ]);
}

function track(feature, state) {
  const picked = state.isPicked(feature);
  return kept(`track ${picked}`, () => [
    new Style({
      zIndex: 25,
      stroke: new Stroke({ color: "#8c2f6b", width: picked ? 4 : 2.4 }),
      image: new CircleStyle({ radius: 4.5, fill: new Fill({ color: "#8c2f6b" }), declutterMode: "none" }),
    }),
  ]);
}

function parcel(feature, state) {
  const crop = feature.get("crop");
  const picked = state.isPicked(feature);
  const over = state.isOver(feature);
  return kept(`parcel ${crop} ${picked} ${over}`, () => [
    new Style({
      zIndex: picked ? 9 : 5,
      fill: new Fill({ color: fade(colourOf(crop), picked || over ? 0.55 : 0.28) }),
      stroke: new Stroke({ color: picked ? "#14281c" : fade(colourOf(crop), 0.9), width: picked ? 2.6 : 1 }),
    }),
  ]);
}

/**
 * The style of a feature of any tile layer, or nothing when it is switched off.
 *
 * `state` knows what is shown (`shows`), the crop looked for, what is picked and pointed at, and
 * what a filter lets through (`sieve`).
 */
export function styleOf(feature, zoom, state) {
  if (state.sieve && !state.sieve(feature)) {
    return undefined;
  }
  switch (feature.get("layer")) {
    case "administrative-units":
      return state.shows("administrative-units") ? ground(feature, state) : undefined;
    case "administrative-units-labels":
      return state.shows("administrative-units") ? groundLabel(feature, zoom) : undefined;
    case "growing-areas":
      return state.shows("growing-areas") ? area(feature, state) : undefined;
    case "growing-areas-labels":
      return state.shows("growing-areas") ? areaLabel(feature, zoom, state) : undefined;
    case "growing-areas-summary":
      return state.shows("growing-areas") ? areaSummary(feature, state) : undefined;
    case "high-tech-zones":
      return state.shows("high-tech-zones") ? zone(feature, state) : undefined;
    case "high-tech-zones-labels":
      return state.shows("high-tech-zones") ? zoneLabel(feature, zoom) : undefined;
    case "facilities":
      return state.shows("facilities") ? site(feature, zoom, state) : undefined;
    case "facilities-summary":
      return state.shows("facilities") ? siteSummary(feature) : undefined;
    case "applications":
      return application(feature, state);
    case "tracks":
      return track(feature, state);
    case "parcels":
    case "parcels-summary":
      return parcel(feature, state);
    default:
      return undefined;
  }
}

export function formerStyleOf(feature, zoom) {
  return feature.get("layer") === "administrative-units" ? formerUnit(feature) : formerLabel(feature, zoom);
}

/** The same look of parcels for WebGL, which draws tens of thousands of them. */
export function parcelFlatStyle() {
  const byCrop = (opacity) => {
    const cases = [...cropOf.values()].flatMap((crop) => [crop.code, fade(crop.colour, opacity)]);
    return cases.length ? ["match", ["get", "crop"], ...cases, fade(UNKNOWN, opacity)] : fade(UNKNOWN, opacity);
  };
  return { "fill-color": byCrop(0.32), "stroke-color": byCrop(0.85), "stroke-width": 0.8 };
}

