// Signs of facilities: a white glyph on a dark rounded square, drawn as SVG so that they are sharp
// on every screen.
import Icon from "ol/style/Icon.js";

const GLYPHS = {
  "packing-house": "M5 9l7-3.5L19 9v8l-7 3.5L5 17zM5 9l7 3.5L19 9M12 12.5v8",
  greenhouse: "M5 19v-7a7 7 0 0 1 14 0v7zM12 5v14M5 13h14",
  nursery: "M12 20v-9M12 13c0-4-3-6-6.5-6 0 4 2.5 6 6.5 6zM12 11c0-3 2.5-5 6-5 0 3.5-2.5 5-6 5z",
  processing: "M5 20V9l5 3V9l5 3V5h4v15zM9 16h1M13 16h1",
  store: "M5 10l1.5-4h11L19 10M5 10h14M6 10v9h12v-9M10 19v-5h4v5",
  "weather-station": "M12 20V9M12 9l7-3M12 9L5 12M8 20h8M12 9a1.5 1.5 0 1 0 0-.1",
  laboratory: "M10 5v5l-4.5 8.500h13L14 10V5M9 5h6M8 15h8",
  other: "M12 8v8M8 12h8",
};

const cache = new Map();

/** The icon of a kind of facility, 24 px, larger when it is picked. */
export function siteIcon(code, picked) {
  const name = GLYPHS[code] ? code : "other";
  const key = `${name}${picked ? "+" : ""}`;
  if (!cache.has(key)) {
    const fill = picked ? "#b3341a" : "#33463b";
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 24 24">` +
      `<rect x="1.5" y="1.5" width="21" height="21" rx="6" fill="${fill}" stroke="#fff" stroke-width="1.8"/>` +
      `<path d="${GLYPHS[name]}" transform="translate(2.4 2.4) scale(.8)" fill="none" stroke="#fff" stroke-width="1.9" stroke-linejoin="round" stroke-linecap="round"/></svg>`;
    cache.set(
      key,
      new Icon({ src: `data:image/svg+xml,${encodeURIComponent(svg)}`, scale: picked ? 0.62 : 0.5, declutterMode: "none" }),
    );
  }
  return cache.get(key);
}
