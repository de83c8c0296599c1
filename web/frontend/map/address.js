// The view in the address: `#zoom/lat/lon`, so that a link shows what its sender saw.
import { fromLonLat, toLonLat } from "ol/proj.js";

/** Read `#12.5/11.95/108.55`, or nothing when it is not one. */
export function readAddress() {
  const parts = window.location.hash.slice(1).split("/").map(Number);
  if (parts.length !== 3 || parts.some((part) => !Number.isFinite(part)) || Math.abs(parts[1]) > 85 || Math.abs(parts[2]) > 180) {
    return null;
  }
  return { zoom: Math.min(Math.max(parts[0], 0), 22), center: fromLonLat([parts[2], parts[1]]) };
}

/** Keep the address in step with the view, and the view with an address typed by hand. */
export function keepAddress(map) {
  const view = map.getView();
  let written = "";
  map.on("moveend", () => {
    const [lon, lat] = toLonLat(view.getCenter());
    written = `#${view.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`;
    window.history.replaceState(window.history.state, "", written);
  });
  window.addEventListener("hashchange", () => {
    const asked = window.location.hash !== written && readAddress();
    if (asked) {
      view.setZoom(asked.zoom);
      view.setCenter(asked.center);
    }
  });
}
