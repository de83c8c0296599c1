// Walking the boundary: which fixes count, and why the others do not.
import { distanceM, last } from "./measure.js";

export const WORST_M = 20;
const GOOD_M = 8;
const STEP_M = 3;
// Nobody walks a field faster than this; a fix that says so is wrong.
const FASTEST_MS = 6;

export const level = (accuracy) =>
  accuracy <= GOOD_M ? "good" : accuracy <= WORST_M ? "fair" : "bad";

export class Walk {
  constructor(report) {
    this.report = report;
    this.ring = [];
    this.undone = [];
    this.fixes = 0;
    this.dropped = 0;
    this.worst = 0;
    this.last = null;
    this.watch = null;
  }

  get walking() {
    return this.watch !== null;
  }

  start() {
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.take(position),
      (error) => this.report({ kind: error.code === 1 ? "denied" : "no_position" }),
      { enableHighAccuracy: true, maximumAge: 0, timeout: 30000 },
    );
    this.stayAwake();
  }

  stop() {
    navigator.geolocation.clearWatch(this.watch);
    this.watch = null;
    this.previous = null;
    this.lock?.release().catch(() => {});
    this.lock = null;
  }

  async stayAwake() {
    try {
      this.lock = await navigator.wakeLock?.request("screen");
    } catch {
      // Low battery: the page says to keep the screen on.
    }
  }

  take({ coords, timestamp }) {
    const accuracy = Math.round(coords.accuracy);
    const here = [coords.longitude, coords.latitude];
    const report = { kind: "fix", accuracy, level: level(accuracy) };
    if (accuracy > WORST_M) {
      this.dropped += 1;
      this.report({ ...report, dropped: "accuracy" });
      return;
    }
    if (this.previous) {
      const metres = distanceM(this.previous.here, here);
      const seconds = Math.max((timestamp - this.previous.timestamp) / 1000, 0.5);
      if (metres > FASTEST_MS * seconds + accuracy) {
        this.dropped += 1;
        this.report({ ...report, dropped: "jump", metres: Math.round(metres), seconds: Math.round(seconds) });
        return;
      }
    }
    this.previous = { here, timestamp };
    this.last = { here, accuracy };
    const corner = last(this.ring);
    if (!corner || distanceM(corner, here) >= STEP_M) this.add(here, accuracy);
    this.report(report);
  }

  add(here, accuracy = 0) {
    this.ring.push(here.map((number) => Math.round(number * 1e7) / 1e7));
    this.undone = [];
    this.fixes += 1;
    this.worst = Math.max(this.worst, accuracy);
  }

  /** A corner where the farmer stands, however near the one before is. */
  corner() {
    if (this.last) this.add(this.last.here, this.last.accuracy);
  }

  undo() {
    if (this.ring.length) this.undone.push(this.ring.pop());
  }

  redo() {
    if (this.undone.length) this.ring.push(this.undone.pop());
  }
}
