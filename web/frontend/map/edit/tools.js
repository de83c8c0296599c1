// The drawing tools: which interactions are on, what a click, a long press and a drag do.
import Collection from "ol/Collection.js";
import Feature from "ol/Feature.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import Translate from "ol/interaction/Translate.js";
import { altKeyOnly, primaryAction } from "ol/events/condition.js";
import { MultiPolygon, Point, Polygon } from "ol/geom.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import * as corners from "./corners.js";
import { REACH_PX, wireGestures } from "./gestures.js";
import { cutStyle, pointerStyle, selectedStyle, sketchStyle, workStyle } from "./looks.js";

// Tools that draw something until it is closed, and what they draw.
const SKETCHES = { draw: "Polygon", part: "Polygon", hole: "Polygon", cut: "LineString" };

export class Tools {
  /**
   * @param {import("ol/Map.js").default} map
   * @param {import("./snapping.js").Neighbours} neighbours
   * @param {object} told `used(name)`, `selected(place)`, `sketched(places)`, `cut(line)`,
   *   `chose(features)`, `refused(key)`: who hears of what happened
   */
  constructor(map, neighbours, told) {
    Object.assign(this, { map, neighbours, told, name: null, work: null, selected: null, interactions: [], undone: [], tracing: false });
    this.source = new VectorSource();
    this.marks = new VectorSource();
    this.layer = new VectorLayer({ source: this.source, style: workStyle, zIndex: 30, updateWhileInteracting: true });
    this.over = new VectorLayer({ source: this.marks, style: (feature) => feature.get("style"), zIndex: 40, updateWhileInteracting: true });
    this.mark = new Feature({ style: selectedStyle });
    wireGestures(this);
  }

  start(work) {
    this.work = work;
    this.source.addFeature(work.feature);
    this.marks.addFeature(this.mark);
    this.map.addLayer(this.layer);
    this.map.addLayer(this.over);
    const { sketch } = work;
    this.use(work.geometry ? "shape" : work.isPoint ? "point" : "draw");
    if (sketch && this.name === "draw") {
      this.resume(sketch);
    }
  }

  stop() {
    this.clear();
    this.select(null);
    this.source.clear();
    this.marks.clear();
    this.map.removeLayer(this.layer);
    this.map.removeLayer(this.over);
    this.work = null;
    this.name = null;
  }

  clear() {
    this.interactions.forEach((one) => this.map.removeInteraction(one));
    this.interactions = [];
    this.draw = null;
    this.undone = [];
    this.marks.getFeatures().filter((one) => one !== this.mark).forEach((one) => this.marks.removeFeature(one));
    this.chosen().forEach((one) => one.set("chosen", false));
  }

  use(name) {
    this.clear();
    this.name = name;
    if (name !== "shape") {
      this.select(null);
    }
    const own = new Collection([this.work.feature]);
    const list = [];
    if (SKETCHES[name] || name === "point") {
      list.push(this.makeDraw(name));
    } else if (name === "shape" && this.work.geometry) {
      list.push(this.makeModify(own));
    } else if (name === "move") {
      const translate = new Translate({ features: own, hitTolerance: REACH_PX });
      translate.on("translateend", () => this.work.commitShape());
      list.push(translate);
    }
    if (list.length && name !== "move") {
      list.push(...this.neighbours.interaction(name === "cut" || name === "part" ? [this.source] : []));
    }
    this.interactions = list;
    list.forEach((one) => this.map.addInteraction(one));
    this.told.used(name);
    this.told.sketched(null);
  }

  makeModify(features) {
    const modify = new Modify({
      features,
      pixelTolerance: REACH_PX,
      style: pointerStyle,
      condition: (event) => primaryAction(event) && !altKeyOnly(event),
      // Corners are taken away by our own hand, also by touch.
      deleteCondition: () => false,
    });
    modify.on("modifyend", (event) => {
      this.work.commitShape();
      const geometry = this.work.feature.getGeometry();
      if (geometry.getType() === "MultiPolygon") {
        this.select(corners.nearest(this.map, geometry, this.map.getPixelFromCoordinate(event.mapBrowserEvent.coordinate), 3 * REACH_PX));
      } else {
        this.tellPlace();
      }
    });
    return modify;
  }

  makeDraw(name) {
    const type = SKETCHES[name] ?? "Point";
    const hole = name === "hole" ? { geometryFunction: this.inside() } : {};
    const draw = new Draw({
      type,
      style: name === "cut" ? cutStyle : sketchStyle,
      snapTolerance: REACH_PX,
      stopClick: true,
      condition: (event) => primaryAction(event) && !altKeyOnly(event),
      ...(type === "Polygon" && name !== "hole" ? { trace: () => this.tracing, traceSource: this.neighbours.source } : {}),
      ...hole,
    });
    draw.on("drawstart", ({ feature }) => {
      this.sketch = feature;
      feature.getGeometry().on("change", () => this.told.sketched(this.places()));
    });
    draw.on("drawabort", () => {
      this.sketch = null;
      this.told.sketched(null);
    });
    draw.on("drawend", ({ feature }) => this.drawn(name, feature.getGeometry()));
    this.sketch = null;
    this.draw = draw;
    return draw;
  }

  /** Keeps the corners of a hole inside one part of the area. */
  inside() {
    let last = null;
    return (coordinates, geometry) => {
      const ring = coordinates[0];
      const parts = this.work.feature.getGeometry().getPolygons();
      const part = parts.find((one) => one.intersectsCoordinate(ring[0]));
      const here = ring[ring.length - 1];
      last = !part || part.intersectsCoordinate(here) ? here : (last ?? ring[0]);
      ring[ring.length - 1] = last;
      const made = geometry ?? new Polygon([]);
      made.setCoordinates([[...ring, ring[0]]]);
      return made;
    };
  }

  drawn(name, geometry) {
    this.sketch = null;
    this.undone = [];
    const feature = this.work.feature;
    if (name === "cut") {
      const line = new Feature({ geometry, style: cutStyle });
      this.marks.addFeature(line);
      this.told.cut(geometry);
      return;
    }
    if (name === "point") {
      feature.setGeometry(geometry);
    } else if (name === "hole") {
      const parts = feature.getGeometry().getPolygons();
      const ring = geometry.getCoordinates()[0];
      const at = parts.findIndex((part) => part.intersectsCoordinate(ring[0]));
      if (at < 0) {
        this.told.refused("edit-hole-outside");
        window.queueMicrotask(() => this.work && this.use("hole"));
        return;
      }
      const all = feature.getGeometry().getCoordinates();
      all[at].push(ring);
      feature.getGeometry().setCoordinates(all);
    } else {
      const before = feature.getGeometry()?.getCoordinates() ?? [];
      feature.setGeometry(new MultiPolygon([...before, geometry.getCoordinates()]));
    }
    this.work.sketch = null;
    this.work.commitShape();
    // Draw is still in its own event and must not be taken away under its feet; a timer would let the
    // next click come first.
    window.queueMicrotask(() => this.work && this.use("shape"));
  }

  /** The places set so far by the sketch that follows the pointer. */
  places() {
    const geometry = this.sketch?.getGeometry();
    if (!geometry) {
      return null;
    }
    return geometry.getType() === "LineString" ? geometry.getCoordinates().slice(0, -1) : geometry.getCoordinates()[0].slice(0, -2);
  }

  resume(places) {
    this.draw?.appendCoordinates(places);
  }

  /** Set a corner of the sketch at a place of the map (its middle when none is given). */
  place(at = this.map.getView().getCenter()) {
    const place = this.snapped(at);
    if (this.name === "point") {
      this.drawn("point", new Point(place));
      return true;
    }
    if (!this.draw) {
      return false;
    }
    this.draw.appendCoordinates([place]);
    this.undone = [];
    return true;
  }

  snapped(at) {
    for (const one of this.interactions) {
      const found = one.snapTo?.(this.map.getPixelFromCoordinate(at), at, this.map);
      if (found?.vertex) {
        return found.vertex.slice(0, 2);
      }
    }
    return at;
  }

  /** Close the sketch; gives false when there is nothing to close. */
  finish() {
    const places = this.places();
    if (!this.draw || !places) {
      return false;
    }
    if (places.length < (this.name === "cut" ? 2 : 3)) {
      this.told.refused(this.name === "cut" ? "edit-two-corners" : "edit-three-corners");
      return true;
    }
    this.draw.finishDrawing();
    return true;
  }

  /** Let go of the sketch, then of the tool; gives false when there was nothing to let go of. */
  cancel() {
    if (this.sketch) {
      this.draw.abortDrawing();
      return true;
    }
    if (this.selected) {
      this.select(null);
      return true;
    }
    if (this.name !== "shape" && this.work.geometry) {
      this.use("shape");
      return true;
    }
    return false;
  }

  /** Take back the last corner of a sketch; gives false when there is no sketch. */
  undoSketch() {
    const places = this.places();
    if (!places) {
      return false;
    }
    this.undone.push(places[places.length - 1]);
    if (places.length > 1) {
      this.draw.removeLastPoint();
    } else {
      const { undone } = this;
      this.draw.abortDrawing();
      this.undone = undone;
    }
    this.told.sketched(this.places());
    return true;
  }

  redoSketch() {
    if (!this.draw || !this.undone.length) {
      return false;
    }
    this.draw.appendCoordinates([this.undone.pop()]);
    return true;
  }

  select(path) {
    this.selected = path;
    const place = corners.at(this.work?.feature.getGeometry(), path);
    this.mark.setGeometry(place ? new Point(place) : undefined);
    this.tellPlace();
  }

  tellPlace() {
    const geometry = this.work?.feature.getGeometry();
    this.told.selected(geometry?.getType() === "Point" ? geometry.getCoordinates() : corners.at(geometry, this.selected));
  }

  /** After a step was undone: the corner that was selected may be another one. */
  again() {
    if (this.name === "shape" || !this.work.geometry) {
      this.use(this.work.geometry ? "shape" : this.work.isPoint ? "point" : "draw");
    }
    this.select(corners.at(this.work.feature.getGeometry(), this.selected) ? this.selected : null);
  }

  removeCorner(path = this.selected) {
    const geometry = this.work.feature.getGeometry();
    if (!path || geometry?.getType() !== "MultiPolygon") {
      return false;
    }
    if (!corners.remove(geometry, path)) {
      this.told.refused("edit-last-corners");
      return true;
    }
    this.select(null);
    this.work.commitShape();
    return true;
  }

  moveCorner(place) {
    const geometry = this.work.feature.getGeometry();
    if (geometry?.getType() === "Point") {
      geometry.setCoordinates(place);
    } else if (this.selected) {
      corners.move(geometry, this.selected, place);
    } else {
      return false;
    }
    this.work.commitShape();
    this.select(this.selected);
    return true;
  }

  /** Put a corner at a place: into the sketch, else into the nearest edge. */
  addCorner(place) {
    if (this.draw || this.name === "point") {
      return this.place(place);
    }
    const geometry = this.work.feature.getGeometry();
    if (geometry?.getType() !== "MultiPolygon") {
      return false;
    }
    const after = corners.nearestEdge(geometry, place);
    const path = corners.insert(geometry, after, place);
    this.work.commitShape();
    this.select(path);
    return true;
  }

  chosen() {
    return this.neighbours.source.getFeatures().filter((one) => one.get("chosen"));
  }
}
