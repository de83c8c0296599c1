// Typed coordinates, in degrees or VN-2000, and the place of the pointer or of the selected corner
// in both. The server converts: it knows the shift between the two to the centimetre.
import { fromLonLat, toLonLat } from "ol/proj.js";
import { say, settings, words } from "../settings.js";
import { byId } from "./dom.js";
import { convert, Refused } from "./server.js";

const WGS84 = "EPSG:4326";
const PAUSE_MS = 160;

/**
 * Read one coordinate: 108.45, 108,45, 108°27′0″E, 108 27 0 or 1 321 234,56.
 *
 * @param {boolean} degrees whether three numbers are degrees, minutes and seconds
 * @returns {number} NaN when it is none
 */
export function readCoordinate(text, degrees) {
  const clean = text.trim().replace(/[−–]/g, "-");
  const turned = /^-|[sw]$/i.test(clean) ? -1 : 1;
  const bare = clean.replace(/^[-+]/, "").replace(/[nesw]$/i, "").trim();
  if (degrees && /[°'′"″\s]/.test(bare)) {
    const parts = bare.split(/[°º'′"″\s]+/).filter(Boolean).map((part) => Number(part.replace(",", ".")));
    const [whole, minutes = 0, seconds = 0] = parts;
    const wrong = parts.length > 3 || parts.some((part) => !Number.isFinite(part)) || minutes >= 60 || seconds >= 60;
    return wrong || !parts.length ? Number.NaN : turned * (whole + minutes / 60 + seconds / 3600);
  }
  const tight = bare.replace(/\s/g, "");
  // 1.321.234,56 and 1,321,234.56: the last of two different marks is the decimal one.
  const marks = [...new Set(tight.match(/[.,]/g) ?? [])];
  let plain = tight;
  if (marks.length === 2) {
    const decimal = tight.lastIndexOf(".") > tight.lastIndexOf(",") ? "." : ",";
    plain = tight.split(decimal === "." ? "," : ".").join("").replace(decimal, ".");
  } else if (marks.length === 1) {
    const several = tight.split(marks[0]).length > 2;
    plain = several ? tight.split(marks[0]).join("") : tight.replace(",", ".");
  }
  return /^\d+(\.\d*)?$|^\.\d+$/.test(plain) ? turned * Number(plain) : Number.NaN;
}

const metres = new Intl.NumberFormat(settings.language === "vi" ? "vi-VN" : "en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function sexagesimal(value, signs) {
  const seconds = Math.abs(value) * 3600;
  const [d, m] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${d}°${String(m).padStart(2, "0")}′${(seconds % 60).toFixed(2).padStart(5, "0")}″${signs[value < 0 ? 1 : 0]}`;
}

export function wireCoordinates(map, tools) {
  const details = byId("edit-place");
  const system = byId("edit-system");
  const answer = byId("edit-typed-answer");
  const inputs = { x: byId("edit-x"), y: byId("edit-y") };
  let timer = 0;
  let turn = 0;
  let selected = null;

  /** The VN-2000 zone that is read out: the chosen one, else the province's. */
  const zone = () => (system.value === WGS84 ? settings.editor.system : system.value);

  function label() {
    const degrees = system.value === WGS84;
    // In Vietnamese surveying X is the northing and Y the easting; both names are written.
    byId("edit-y-label").textContent = degrees ? words["edit-latitude"] : words["edit-northing"];
    byId("edit-x-label").textContent = degrees ? words["edit-longitude"] : words["edit-easting"];
  }

  async function readOut(place, name) {
    const now = ++turn;
    const [lon, lat] = toLonLat(place);
    byId("edit-where-name").textContent = name;
    byId("edit-where-wgs84").textContent = `${lat.toFixed(7)}, ${lon.toFixed(7)} · ${sexagesimal(lat, "NS")} ${sexagesimal(lon, "EW")}`;
    const list = byId("edit-where-vn2000");
    try {
      const { x, y } = await convert(lon.toFixed(9), lat.toFixed(9), WGS84, zone());
      if (now === turn) {
        const { name: zoneName } = settings.editor.systems.find((one) => one.code === zone());
        list.textContent = say("edit-vn2000", { system: zoneName, north: metres.format(y), east: metres.format(x) });
      }
    } catch {
      if (now === turn) {
        list.textContent = "";
      }
    }
  }

  map.on("pointermove", (event) => {
    if (!tools.work || !details.open || event.dragging || selected) {
      return;
    }
    window.clearTimeout(timer);
    timer = window.setTimeout(() => readOut(event.coordinate, words["edit-pointer"]), PAUSE_MS);
  });
  details.addEventListener("toggle", () => details.open && show(selected));
  system.addEventListener("change", () => {
    label();
    show(selected);
    fill();
  });

  /** Write the selected corner into the inputs, in the chosen system. */
  async function fill() {
    if (!selected || !details.open) {
      return;
    }
    const [lon, lat] = toLonLat(selected);
    if (system.value === WGS84) {
      Object.assign(inputs.x, { value: lon.toFixed(7) });
      Object.assign(inputs.y, { value: lat.toFixed(7) });
      return;
    }
    const found = await convert(lon.toFixed(9), lat.toFixed(9), WGS84, system.value).catch(() => null);
    if (found) {
      inputs.x.value = found.x.toFixed(2);
      inputs.y.value = found.y.toFixed(2);
    }
  }

  function show(place) {
    byId("edit-move-vertex").disabled = !place;
    if (details.open) {
      readOut(place ?? map.getView().getCenter(), place ? words["edit-selected"] : words["edit-middle"]);
    }
  }

  /** The typed place on the map, or nothing after saying what is wrong with it. */
  async function typed() {
    const degrees = system.value === WGS84;
    const [x, y] = [readCoordinate(inputs.x.value, degrees), readCoordinate(inputs.y.value, degrees)];
    for (const [name, value] of Object.entries({ x, y })) {
      inputs[name].toggleAttribute("aria-invalid", Number.isNaN(value));
    }
    if (Number.isNaN(x) || Number.isNaN(y)) {
      answer.textContent = words[degrees ? "edit-typed-degrees" : "edit-typed-metres"];
      return null;
    }
    try {
      const found = await convert(x, y, system.value, WGS84);
      if (!found.in_vietnam) {
        answer.textContent = words["edit-typed-abroad"];
        return null;
      }
      answer.textContent = "";
      return fromLonLat([found.longitude, found.latitude]);
    } catch (error) {
      answer.textContent = error instanceof Refused && error.kind !== "offline" ? error.message : words["edit-offline-convert"];
      return null;
    }
  }

  function bring(place) {
    const view = map.getView();
    const [width, height] = map.getSize();
    const pixel = map.getPixelFromCoordinate(place);
    if (!pixel || pixel[0] < 0 || pixel[1] < 0 || pixel[0] > width || pixel[1] > height) {
      view.setCenter(place);
    }
  }

  byId("edit-typed").addEventListener("submit", async (event) => {
    event.preventDefault();
    const place = await typed();
    if (place && tools.work) {
      bring(place);
      tools.addCorner(place);
      answer.textContent = words["edit-vertex-added"];
      inputs.y.focus();
    }
  });
  byId("edit-move-vertex").addEventListener("click", async () => {
    const place = await typed();
    if (place && tools.work && tools.moveCorner(place)) {
      bring(place);
      answer.textContent = words["edit-vertex-moved"];
    }
  });
  label();

  return {
    /** Another corner (or none) is selected now. */
    selected(place) {
      selected = place ?? null;
      show(selected);
      fill();
    },
  };
}
