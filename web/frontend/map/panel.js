// The panel: beside the map on a screen, a sheet at the bottom of a phone.

export function wirePanel({ onLayer, onCrop }) {
  const panel = document.getElementById("map-panel");
  const handle = document.getElementById("map-handle");
  const card = document.getElementById("map-card");
  const all = document.getElementById("map-all");
  const boxes = [...panel.querySelectorAll("input[data-layer]")];
  const crops = [...panel.querySelectorAll("button[data-crop]")];
  const wide = window.matchMedia("(min-width: 800px)");

  function open(on) {
    panel.classList.toggle("map-panel-open", on);
    handle.setAttribute("aria-expanded", String(on));
  }

  handle.addEventListener("click", () => open(handle.getAttribute("aria-expanded") !== "true"));
  for (const box of boxes) {
    // The browser may remember a choice over a reload: the map follows the boxes.
    onLayer(box.dataset.layer, box.checked);
    box.addEventListener("change", () => onLayer(box.dataset.layer, box.checked));
  }

  function chooseCrop(code) {
    for (const button of crops) {
      button.setAttribute("aria-pressed", String(button.dataset.crop === code));
    }
    panel.classList.toggle("map-panel-filtered", code !== null);
    all.hidden = code === null;
    onCrop(code);
  }

  for (const button of crops) {
    button.addEventListener("click", () => {
      chooseCrop(button.getAttribute("aria-pressed") === "true" ? null : button.dataset.crop);
    });
  }
  all.addEventListener("click", () => chooseCrop(null));

  function turnOn(layer) {
    const box = boxes.find((one) => one.dataset.layer === layer);
    if (box && !box.checked) {
      box.checked = true;
      onLayer(layer, true);
    }
  }

  return {
    turnOn,
    chooseCrop,
    /** Make sure a found thing is not hidden by a switch; what is picked passes every filter. */
    show: turnOn,
    /** On a phone, a card takes the place of the legend. */
    settle() {
      panel.classList.toggle("map-panel-card", !card.hidden);
      if (!card.hidden && !wide.matches) {
        open(false);
      }
    },
    /** Room around what the map shows, in pixels: top, right, bottom, left. */
    padding() {
      // The card that comes takes up to half of a phone's map.
      return wide.matches
        ? [60, 60, 60, panel.offsetWidth + 76]
        : [84, 30, Math.round(panel.parentElement.parentElement.offsetHeight * 0.56), 30];
    },
  };
}
