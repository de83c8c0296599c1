// The tools of the map's styles: colours, labels, hatching, pies, and a memory for what was made.
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Text from "ol/style/Text.js";
import { cropOf } from "./settings.js";

export const UNKNOWN = "#8a8f98";
export const TYPE = '"Source Sans 3", "Noto Sans", sans-serif';

/** A colour with an opacity, from #rrggbb. */
export function fade(colour, opacity) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${parts.join(",")},${opacity})`;
}

export function darker(colour) {
  const parts = [1, 3, 5].map((at) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * 0.72));
  return `rgb(${parts.join(",")})`;
}

export function colourOf(crop) {
  return cropOf.get(crop)?.colour ?? UNKNOWN;
}

export function label(text, size, colour, options = {}) {
  return new Text({
    text,
    font: `${options.weight ?? 600} ${size}px ${TYPE}`,
    fill: new Fill({ color: colour }),
    stroke: new Stroke({ color: "rgba(255,255,255,.92)", width: 3.5, lineJoin: "round" }),
    overflow: true,
    padding: [3, 4, 3, 4],
    offsetY: options.offsetY ?? 0,
    ...options.more,
  });
}

/** A long name on as few lines of at most so many letters as it takes, all about as long. */
export function wrap(text, letters) {
  const target = text.length / Math.ceil(text.length / letters);
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    // A word goes to the next line when more than half of it would stand over the edge.
    if (line && line.length + 1 + word.length / 2 > target) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].join("\n");
}

let hatching = null;

/** Diagonal lines for high-tech zones: seen under and beside the crops inside. */
export function hatch() {
  if (!hatching) {
    const ratio = window.devicePixelRatio || 1;
    const side = Math.round(9 * ratio);
    const canvas = document.createElement("canvas");
    canvas.width = side;
    canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.strokeStyle = "rgba(29,111,165,.38)";
    pen.lineWidth = 1.4 * ratio;
    pen.beginPath();
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift, side);
      pen.lineTo(shift + side, 0);
    }
    pen.stroke();
    hatching = pen.createPattern(canvas, "repeat");
  }
  return hatching;
}

const cache = new Map();

export function kept(key, make) {
  let styles = cache.get(key);
  if (!styles) {
    styles = make();
    cache.set(key, styles);
  }
  return styles;
}

/** A pie of crops: its size by the area, its slices in the colours of the legend. */
export function pie(shares, radius) {
  const ratio = window.devicePixelRatio || 1;
  const side = Math.ceil((radius + 2) * 2);
  const canvas = document.createElement("canvas");
  canvas.width = side * ratio;
  canvas.height = side * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.translate(side / 2, side / 2);
  const disc = (size, colour) => {
    pen.beginPath();
    pen.arc(0, 0, size, 0, 2 * Math.PI);
    pen.fillStyle = colour;
    pen.fill();
  };
  disc(radius + 1.6, "#ffffff");
  const total = shares.reduce((sum, [, hectares]) => sum + hectares, 0) || 1;
  let from = -Math.PI / 2;
  for (const [crop, hectares] of shares) {
    const to = from + (hectares / total) * 2 * Math.PI;
    pen.beginPath();
    pen.moveTo(0, 0);
    pen.arc(0, 0, radius, from, to);
    pen.closePath();
    pen.fillStyle = colourOf(crop);
    pen.fill();
    if (shares.length > 1) {
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 1;
      pen.stroke();
    }
    from = to;
  }
  return new Icon({ img: canvas, width: side, height: side, declutterMode: "none" });
}
