// What the filter shows as a file: the server makes it in the background, then gives its address.
import { say, words } from "../settings.js";
import { ask, excuse, make } from "./dom.js";

const FIRST_PAUSE_MS = 600;
const LONGEST_PAUSE_MS = 5000;
const byId = (id) => document.getElementById(id);
const wait = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

/** An address of the server, whatever name it goes by outside. */
function onThisHost(address) {
  const { pathname, search } = new URL(address, window.location.href);
  return pathname + search;
}

/** Wait for a job; its document when it is done. Throws when it failed. */
export async function waitFor(address) {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const job = await ask(address);
    if (job.state === "done") {
      return job;
    }
    if (job.state === "failed") {
      throw new Error(job.error ?? words.failed);
    }
    await wait(pause);
  }
}

export function wireExport(filter) {
  const button = byId("map-export");
  const menu = byId("map-export-menu");
  const message = byId("map-export-status");

  function open(on) {
    menu.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
  }

  async function make_(format) {
    open(false);
    button.focus();
    const { layer } = filter.value;
    const asked = filter.parameters();
    if (filter.value.inView) {
      asked.bbox = filter.box();
    }
    message.replaceChildren(words.exporting);
    button.disabled = true;
    try {
      const { job } = await ask("/api/v1/exports", { method: "POST", body: { layer, format, filter: asked } });
      const { result } = await waitFor(onThisHost(job));
      message.replaceChildren(make("a", { href: onThisHost(result.href), download: result.name, text: say("download", { name: result.name }) }));
      message.querySelector("a").focus();
    } catch (error) {
      message.replaceChildren(error.status ? excuse(error) : error.message || words.failed);
    }
    button.disabled = false;
  }

  button.addEventListener("click", () => {
    open(menu.hidden);
    if (!menu.hidden) {
      menu.querySelector("button").focus();
    }
  });
  menu.addEventListener("click", (event) => {
    const { format } = event.target.dataset;
    if (format) {
      make_(format);
    }
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      open(false);
      button.focus();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.hidden && !menu.parentElement.contains(event.target)) {
      open(false);
    }
  });
  filter.onChange(() => message.replaceChildren());
}
