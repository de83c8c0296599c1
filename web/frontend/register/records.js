// The list of applications on this phone: where each of them is on its way.
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

export function showRecords(section, list, records, { words, rules, edit, remove }) {
  section.hidden = !records.length;
  records.sort((a, b) => b.made.localeCompare(a.made));
  list.replaceChildren(...records.map((record) => card(record, words, rules, edit, remove)));
}

function card(record, words, rules, edit, remove) {
  const { state } = record;
  const item = element("li", { className: "record" });
  item.dataset.state = state;
  if (record.status) item.dataset.status = record.status;
  item.append(element("h3", { textContent: record.document.area_name }));
  if (state === "received") {
    item.append(
      element("p", { className: "receipt", textContent: record.receipt }),
      element("p", { textContent: words[record.status] ?? words.got }),
    );
    if (record.reason) item.append(element("p", { className: "reason", textContent: record.reason }));
  } else if (state === "refused") {
    item.append(element("p", { textContent: words.refused }));
    for (const sentence of reasons(record.problem, rules)) {
      item.append(element("p", { className: "reason", textContent: sentence }));
    }
  }
  const passed = { waiting: 1, sending: 1, refused: 1, received: 3 }[state];
  const names = [words.saved, state === "sending" ? words.sending : words.sent, words.got];
  if (state !== "refused") {
    item.append(
      element("ol", { className: "way-points" }, ...names.map((name, place) =>
        element("li", {
          textContent: place === 1 && state === "waiting" ? words.waiting : name,
          className: place < passed ? "done" : place === passed ? "now" : "",
        }))),
    );
  }
  if (state === "waiting") {
    item.append(element("p", { className: "hint", textContent: record.busy ? words.retry : words.keep }));
  }
  const buttons = element("div", { className: "buttons" });
  const button = (text, act) =>
    buttons.append(element("button", { type: "button", className: "button quiet", textContent: text, onclick: act }));
  if (state === "received") {
    buttons.append(element("a", { className: "button", href: record.page, textContent: words.open }));
  }
  if (state === "refused" || state === "waiting" || record.status === "returned" || record.status === "submitted") {
    button(words.edit, () => edit(record));
  }
  if (state !== "sending") button(words.remove, () => remove(record));
  item.append(buttons);
  return item;
}

/** The server's reasons in the reader's language where there is a word for the rule. */
function reasons(problem, rules) {
  const mistakes = problem?.errors ?? (problem?.rule ? [problem] : []);
  const found = mistakes.map((mistake) => rules[mistake.rule] ?? mistake.detail);
  return found.length ? [...new Set(found)] : [problem?.detail ?? ""];
}
