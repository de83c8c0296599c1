// Small tools of the table and the history: elements, requests, dialogs.
import { words } from "../settings.js";

/** An element with attributes (`on…` are listeners, `text` its text) and children. */
export function make(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") {
      made.textContent = value;
    } else if (key.startsWith("on")) {
      made.addEventListener(key.slice(2), value);
    } else if (value === true) {
      made.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An answer that says no: its status and its problem document (RFC 9457). */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? words.failed);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Ask the server for JSON.
 *
 * `reason` goes along with a change, percent-encoded because headers are Latin letters only.
 * Throws a `Refusal`, or what `fetch` throws without a network.
 */
export async function ask(address, { method = "GET", body, reason, headers = {}, signal } = {}) {
  const sent = { Accept: "application/json", ...headers };
  if (body !== undefined) {
    sent["Content-Type"] = "application/json";
  }
  if (reason) {
    sent["Langbiang-Reason"] = encodeURIComponent(reason);
  }
  const answer = await fetch(address, { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), signal });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Refusal(answer.status, data);
  }
  return data;
}

/** What to tell a person about something that failed. */
export function excuse(error) {
  if (!(error instanceof Refusal)) {
    return words.failed;
  }
  const known = { 401: "signInFirst", 403: "notAllowed", 404: "notThere", 409: "changedSince", 412: "changedSince" }[error.status];
  return known ? `${words[known]} ${error.message}` : error.message;
}

/**
 * Ask for the reason of a change in a dialog; resolves to the text, or null when it was given up.
 *
 * `facts` are elements that say what is going to happen.
 */
export function askReason({ title, action, facts = [] }) {
  return new Promise((resolve) => {
    const field = make("textarea", { rows: 2, maxlength: 500, required: true, id: "map-reason" });
    const form = make("form", { method: "dialog", class: "map-ask" }, [
      make("h2", { text: title }),
      ...facts,
      make("label", { for: "map-reason", text: words.reason }),
      field,
      make("p", { class: "map-ask-actions" }, [
        make("button", { type: "button", class: "button-quiet", text: words.cancel, onclick: () => dialog.close() }),
        make("button", { type: "submit", class: "button-strong", text: action }),
      ]),
    ]);
    const dialog = make("dialog", { class: "map-dialog", "aria-label": title }, [form]);
    let given = null;
    form.addEventListener("submit", () => {
      given = field.value.trim() || null;
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    // Escape closes the dialog, and not what lies under it.
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}
