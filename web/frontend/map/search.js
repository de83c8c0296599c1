// The search box: accents or not, units of today and of before, areas, codes, zones, products.
import { day, kind, say, settings, words } from "./settings.js";

const PAUSE_MS = 220;

function describe(item) {
  const parts = [];
  if (item.layer === "administrative-units") {
    parts.push(item.is_former ? words.former : kind(item.kind));
    if (item.is_former) {
      parts.push(say("until", { day: day(item.valid_to) }));
      if (item.successors.length) {
        parts.push(`${words.now} ${item.successors.join(", ")}`);
      }
    }
  } else {
    parts.push(words[item.layer]);
    if (item.code && item.code !== item.title) {
      parts.push(item.code);
    }
    if (item.commune) {
      parts.push(item.commune);
    }
  }
  return parts.join(" · ");
}

/** Wire the form; `go(item)` is called with what was chosen. */
export function wireSearch(go) {
  const form = document.getElementById("map-search");
  const input = document.getElementById("map-q");
  const list = document.getElementById("map-found");
  let timer = 0;
  let asked = 0;

  function close() {
    list.hidden = true;
  }

  function choose(item) {
    close();
    input.value = item.title;
    if (item.bbox) {
      go(item);
    } else {
      window.location.assign(item.href);
    }
  }

  function show(items) {
    list.replaceChildren();
    for (const item of items) {
      const row = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      const name = document.createElement("b");
      name.textContent = item.title;
      const more = document.createElement("small");
      more.textContent = describe(item);
      button.append(name, more);
      button.addEventListener("click", () => choose(item));
      row.append(button);
      list.append(row);
    }
    if (!items.length) {
      const row = document.createElement("li");
      row.className = "map-nothing";
      row.textContent = words.nothing;
      list.append(row);
    }
    list.hidden = false;
  }

  async function find(now) {
    const typed = input.value.trim();
    const turn = ++asked;
    if (!typed) {
      close();
      return;
    }
    let items;
    try {
      const answer = await fetch(`${settings.search}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
      items = answer.ok ? (await answer.json()).items : [];
    } catch {
      items = [];
    }
    // An answer that was overtaken by a newer question is not shown.
    if (turn !== asked) {
      return;
    }
    show(items);
    if (now && items.length) {
      choose(items[0]);
    }
  }

  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => find(false), PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(timer);
    find(true);
  });
  form.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") {
      close();
      input.focus();
    } else if (event.key === "ArrowDown" && !list.hidden) {
      event.preventDefault();
      buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (buttons[at - 1] ?? input).focus();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!form.contains(event.target)) {
      close();
    }
  });
}
