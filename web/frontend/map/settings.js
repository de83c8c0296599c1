// What the server tells the map: addresses, crops, words in the language of the page.
export const settings = JSON.parse(document.getElementById("map-settings").textContent);

export const words = settings.words;

const locale = settings.language === "vi" ? "vi-VN" : "en-GB";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const days = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" });

export const cropOf = new Map(settings.crops.map((crop) => [crop.code, crop]));

/** A sentence with its {parts} filled in. */
export function say(key, parts = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

/** Coded values in words; others as they are. */
export function kind(code) {
  return settings.kinds[code] ?? code;
}

export function number(value) {
  return whole.format(value);
}

export function decimal(value) {
  return exact.format(value);
}

export function hectares(value) {
  return `${exact.format(value)} ha`;
}

/** A day (2025-07-01) as the language writes it. */
export function day(value) {
  return days.format(new Date(value.length === 10 ? `${value}T00:00:00Z` : value));
}
