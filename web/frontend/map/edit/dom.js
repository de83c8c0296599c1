// Small helps for making parts of the page.

/** An element with attributes (`text` is its content, `on` its listeners) and children. */
export function element(name, { text, on, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) {
    made.textContent = text;
  }
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) {
      made.setAttribute(key, "");
    } else if (value !== false && value !== undefined && value !== null) {
      made.setAttribute(key, value);
    }
  }
  for (const [event, listen] of Object.entries(on ?? {})) {
    made.addEventListener(event, listen);
  }
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Ask in the page's own dialog; gives false, or the reason that was typed (which may be empty). */
export function ask({ title, text, yes, reason = false }) {
  const dialog = byId("edit-ask");
  byId("edit-ask-title").textContent = title;
  byId("edit-ask-text").textContent = text;
  byId("edit-ask-yes").textContent = yes;
  byId("edit-ask-reason-field").hidden = !reason;
  const typed = byId("edit-ask-reason");
  typed.value = "";
  typed.required = reason === "needed";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? typed.value.trim() : false), { once: true });
  });
}
