// What is being edited: its shape and its attributes, as they were read and as they are now, with
// every step in between.
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import { MultiPolygon } from "ol/geom.js";

const format = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
// The decimals that /ogc publishes; seven of a degree are a centimetre.
const DECIMALS = 7;
const MOST_STEPS = 300;

/** A GeoJSON geometry in degrees from one on the map, at the published decimals. */
export function toDegrees(geometry) {
  return JSON.parse(format.writeGeometry(geometry, { decimals: DECIMALS }));
}

/** A geometry on the map from a GeoJSON one; areas always have several parts. */
export function toMap(geometry) {
  const made = format.readGeometry(geometry);
  return made.getType() === "Polygon" ? new MultiPolygon([made.getCoordinates()]) : made;
}

export function readFeatures(collection) {
  return format.readFeatures(collection);
}

export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

function multi(geometry) {
  return geometry?.type === "Polygon" ? { type: "MultiPolygon", coordinates: [geometry.coordinates] } : geometry;
}

/** Empty text is no value, and 3 and "3" are not told apart: forms know only text. */
function comparable(value) {
  return value === null || value === undefined ? "" : String(value);
}

export class Work {
  /**
   * @param {{key, layer, id, base, geometry, values, sketch, reason}} start `base` is the feature as
   *   the server has it, with its `etag`, or null for a new one; `geometry` GeoJSON in degrees or null.
   * @param {(work: Work) => void} changed called after every step, undone ones too
   */
  constructor(start, changed) {
    Object.assign(this, { key: start.key, layer: start.layer, id: start.id ?? null, kind: start.kind });
    this.base = start.base ?? null;
    this.sketch = start.sketch ?? null;
    this.reason = start.reason ?? "";
    this.changed = changed;
    this.feature = new Feature();
    const geometry = multi(start.geometry ?? start.base?.geometry ?? null);
    // What a new one begins with is nobody's work yet.
    this.preset = start.preset ?? {};
    this.state = { geometry, values: { ...this.preset, ...start.base?.properties, ...start.values } };
    this.steps = [this.state];
    this.at = 0;
    this.show();
  }

  get geometry() {
    return this.state.geometry;
  }

  get values() {
    return this.state.values;
  }

  get isPoint() {
    return this.kind === "Point";
  }

  show() {
    this.feature.setGeometry(this.geometry ? toMap(this.geometry) : undefined);
  }

  /** Keep what the map shows now as a step. */
  commitShape() {
    const shown = this.feature.getGeometry();
    this.step({ ...this.state, geometry: shown ? toDegrees(shown) : null });
  }

  commitValue(name, value) {
    this.step({ ...this.state, values: { ...this.values, [name]: value } });
  }

  step(state) {
    if (same(state, this.state)) {
      return;
    }
    this.steps = [...this.steps.slice(0, this.at + 1), state].slice(-MOST_STEPS);
    this.at = this.steps.length - 1;
    this.state = state;
    this.changed(this);
  }

  undo() {
    return this.go(this.at - 1);
  }

  redo() {
    return this.go(this.at + 1);
  }

  go(at) {
    if (!this.steps[at]) {
      return false;
    }
    this.at = at;
    this.state = this.steps[at];
    this.show();
    this.changed(this);
    return true;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.steps.length - 1;
  }

  get shapeChanged() {
    return !same(this.geometry, multi(this.base?.geometry));
  }

  /** The attributes that differ from what the server has, null for emptied ones. */
  get changedValues() {
    const before = this.base?.properties ?? {};
    const differ = Object.entries(this.values).filter(([name, value]) => comparable(value) !== comparable(before[name]));
    return Object.fromEntries(differ.map(([name, value]) => [name, value === "" ? null : value]));
  }

  get isDirty() {
    const typed = Object.entries(this.changedValues).some(([name, value]) => comparable(value) !== comparable(this.preset[name]));
    return Boolean(this.geometry && this.shapeChanged) || Boolean(this.sketch) || typed;
  }

  /** What to send: a whole new feature, or only what changed (RFC 7396). */
  toSend() {
    if (this.id === null) {
      return { type: "Feature", geometry: this.geometry, properties: this.changedValues };
    }
    const patch = { type: "Feature", properties: this.changedValues };
    if (this.shapeChanged) {
      patch.geometry = this.geometry;
    }
    return patch;
  }

  /** Stand on a newer version of the server's, with these choices. */
  rebase(base, geometry, values) {
    this.base = base;
    this.step({ geometry: multi(geometry), values: { ...base.properties, ...values } });
    this.show();
  }
}
