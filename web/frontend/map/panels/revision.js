// A revision in words: which attributes differ, and when it was.
import { settings, words } from "../settings.js";
import { choiceName } from "./filter.js";

const locale = settings.language === "vi" ? "vi-VN" : "en-GB";
const moments = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" });
const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });

/** A moment in the reader's own time. */
export function moment(value) {
  return moments.format(new Date(value));
}

function inWords(name, value) {
  if (value === null || value === undefined || value === "") {
    return words.nothingThere;
  }
  if (name === "crop") {
    return settings.panels.crops.find(([code]) => code === value)?.[1] ?? value;
  }
  if (name === "commune_code") {
    return settings.editor?.communes.find((commune) => commune.code === value)?.name ?? value;
  }
  if (typeof value === "number") {
    return name.endsWith("_year") ? String(value) : numbers.format(value);
  }
  return typeof value === "object" ? JSON.stringify(value) : choiceName(String(value));
}

/** The attributes that a revision changed, as [title, before, after] in words. */
export function attributeRows({ before, after, differences }) {
  return differences.map((one) => [
    settings.language === "vi" ? one.title : one.title_en,
    before ? inWords(one.name, one.before) : "",
    after ? inWords(one.name, one.after) : "",
  ]);
}
