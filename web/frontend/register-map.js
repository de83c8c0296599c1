// Drawing a boundary on a map: the map moves under a cross, a button sets the corner. Loaded only
// when somebody asks for it.
import ScaleLine from "ol/control/ScaleLine.js";
import Zoom from "ol/control/Zoom.js";
import Feature from "ol/Feature.js";
import MVT from "ol/format/MVT.js";
import { LineString, MultiPoint, Polygon } from "ol/geom.js";
import { defaults } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import Map from "ol/Map.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import { Circle, Fill, Stroke, Style, Text } from "ol/style.js";
import View from "ol/View.js";
import { last } from "./register/measure.js";

const LEAF = "#14532d";
const round = (place) => place.map((number) => Math.round(number * 1e7) / 1e7);

function tiles(collection, style, minZoom = 0) {
  return new VectorTileLayer({
    declutter: true,
    minZoom,
    style,
    source: new VectorTileSource({
      format: new MVT(),
      url: `/ogc/collections/${collection}/tiles/WebMercatorQuad/{z}/{y}/{x}`,
      maxZoom: 14,
    }),
  });
}

const label = (colour) =>
  new Text({
    font: "600 14px system-ui, sans-serif",
    fill: new Fill({ color: colour }),
    stroke: new Stroke({ color: "#fff", width: 3 }),
    overflow: true,
  });

const communeStyle = new Style({
  stroke: new Stroke({ color: "#5d7f43", width: 1.5 }),
  fill: new Fill({ color: "#f4f1e6" }),
  text: label("#3d5a26"),
});
const areaStyle = new Style({
  stroke: new Stroke({ color: "#8a8f98", width: 1.5 }),
  fill: new Fill({ color: "rgb(120 130 140 / 25%)" }),
});

export class DrawingMap {
  /**
   * @param {HTMLElement} place
   * @param {number[]} bounds west, south, east, north in degrees
   * @param {number[][]} ring corners [lon, lat], not closed
   * @param {(ring: number[][], undone: number[][]) => void} changed
   * @param {{zoom_in: string, zoom_out: string}} words
   */
  constructor(place, bounds, ring, changed, words) {
    place.replaceChildren();
    this.changed = changed;
    this.undone = [];
    this.drawn = new VectorSource();
    this.map = new Map({
      target: place,
      layers: [
        tiles("administrative-units", (feature) => {
          communeStyle.getText().setText(feature.get("name") ?? "");
          return communeStyle;
        }),
        tiles("growing-areas", areaStyle, 11),
        new VectorLayer({ source: this.drawn, style: drawnStyle }),
      ],
      // With a tabindex, OpenLayers would wait for the focus before it lets the map be dragged.
      interactions: defaults({ onFocusOnly: false }),
      controls: [new Zoom({ zoomInTipLabel: words.zoom_in, zoomOutTipLabel: words.zoom_out }), new ScaleLine({ minWidth: 60 })],
      view: new View({ maxZoom: 20 }),
    });
    this.view.fit(transformExtent(bounds, "EPSG:4326", "EPSG:3857"), { padding: [10, 10, 10, 10] });
    const cross = document.createElement("div");
    cross.className = "cross";
    cross.innerHTML = '<svg viewBox="0 0 40 40"><path d="M20 4v32M4 20h32"/><path d="M20 4v32M4 20h32"/></svg>';
    place.append(cross);
    // For tests and for people who look behind, as on the map page.
    window.langbiang = { map: this.map };
    this.show(ring);
    if (ring.length) this.view.fit(this.drawn.getExtent(), { padding: [40, 40, 40, 40], maxZoom: 18 });
  }

  get view() {
    return this.map.getView();
  }

  show(ring) {
    this.ring = [...ring];
    this.undone = [];
    this.draw();
  }

  go(place) {
    this.view.animate({ center: fromLonLat(place), zoom: Math.max(this.view.getZoom(), 17), duration: 300 });
  }

  corner() {
    const here = round(toLonLat(this.view.getCenter()));
    // A second press without moving the map is a slip.
    if (last(this.ring)?.join() === here.join()) return;
    this.ring.push(here);
    this.undone = [];
    this.draw();
  }

  undo() {
    if (this.ring.length) this.undone.push(this.ring.pop());
    this.draw();
  }

  redo() {
    if (this.undone.length) this.ring.push(this.undone.pop());
    this.draw();
  }

  draw() {
    const corners = this.ring.map((corner) => fromLonLat(corner));
    this.drawn.clear();
    if (corners.length > 2) this.drawn.addFeature(new Feature(new Polygon([[...corners, corners[0]]])));
    else if (corners.length === 2) this.drawn.addFeature(new Feature(new LineString(corners)));
    if (corners.length) this.drawn.addFeature(new Feature(new MultiPoint(corners)));
    this.changed(this.ring, this.undone);
  }
}

const drawnStyle = new Style({
  stroke: new Stroke({ color: LEAF, width: 3 }),
  fill: new Fill({ color: "rgb(20 83 45 / 20%)" }),
  image: new Circle({ radius: 5, fill: new Fill({ color: "#fff" }), stroke: new Stroke({ color: LEAF, width: 2 }) }),
});
