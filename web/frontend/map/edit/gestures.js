// Clicks and presses that no interaction of OpenLayers knows: selecting a corner, taking it away with
// Alt or a long press, choosing the neighbours to merge.
import * as corners from "./corners.js";
import { isCoarse } from "./looks.js";

/** How far from a corner a pointer still means it. */
export const REACH_PX = isCoarse ? 24 : 12;
const LONG_PRESS_MS = 550;
const SLIP_PX = 9;

/** The area of the edited layer that lies under a place. */
function under(tools, place) {
  return tools.neighbours.source.getFeaturesAtCoordinate(place).find((one) => one.get("layer") === tools.work.layer);
}

function clicked(tools, event) {
  const geometry = tools.work.feature.getGeometry();
  if (tools.name === "merge") {
    const feature = under(tools, event.coordinate);
    if (feature) {
      feature.set("chosen", !feature.get("chosen"));
      tools.told.chose(tools.chosen());
    }
  } else if ((tools.name === "shape" || tools.name === "remove") && geometry?.getType() === "MultiPolygon") {
    const path = corners.nearest(tools.map, geometry, event.pixel, REACH_PX);
    if (tools.name === "remove" || event.originalEvent.altKey) {
      tools.removeCorner(path);
    } else {
      tools.select(path);
    }
  }
}

/** A long press on a corner takes it away. */
function pressed(tools, pixel) {
  const geometry = tools.work?.feature.getGeometry();
  const path = geometry?.getType() === "MultiPolygon" && corners.nearest(tools.map, geometry, pixel, REACH_PX);
  if (path) {
    tools.removeCorner(path);
    window.navigator.vibrate?.(30);
  }
}

export function wireGestures(tools) {
  const viewport = tools.map.getViewport();
  let down = null;
  tools.map.on("click", (event) => tools.work && clicked(tools, event));
  viewport.addEventListener("contextmenu", (event) => tools.work && event.preventDefault());
  viewport.addEventListener("pointerdown", (event) => {
    const alone = event.isPrimary && down === null;
    const meant = alone && event.pointerType === "touch" && tools.work && tools.name === "shape";
    down = meant ? { at: event.timeStamp, x: event.clientX, y: event.clientY, pixel: tools.map.getEventPixel(event) } : null;
  });
  viewport.addEventListener("pointermove", (event) => {
    if (down && Math.hypot(event.clientX - down.x, event.clientY - down.y) > SLIP_PX) {
      down = null;
    }
  });
  viewport.addEventListener("pointercancel", () => {
    down = null;
  });
  viewport.addEventListener("pointerup", (event) => {
    // The times of the events, not a timer: a slow phone is no long press.
    if (down && event.timeStamp - down.at >= LONG_PRESS_MS) {
      const { pixel } = down;
      // After the interactions have heard of the end, too.
      window.setTimeout(() => pressed(tools, pixel));
    }
    down = null;
  });
}
