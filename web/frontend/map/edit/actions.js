// What the buttons of the toolbar and the keys do, by name.
import { words } from "../settings.js";
import { tell } from "./saving.js";

/** @param {object} session `work()`, `tools`, `neighbours`, `cutting`, `conflict`, `save`, `leave`, `removeAll`, `showTool` */
export function makeActions(session) {
  const { tools, neighbours } = session;

  /** Turn a tool on, or off again when it is on; areas only. */
  const areaTool = (name) => () => {
    const work = session.work();
    if (work.isPoint || !work.geometry) {
      return false;
    }
    tools.use(tools.name === name ? "shape" : name);
    return true;
  };

  /** A tool whose work the server does at once: only on what is saved. */
  const savedTool = (name) => () => {
    const work = session.work();
    if (work.id === null) {
      return false;
    }
    if (work.isDirty) {
      tell(words["edit-save-first"]);
      return true;
    }
    return areaTool(name)();
  };

  const use = (name) => {
    tools.use(name);
    return true;
  };

  return {
    point: () => session.work().isPoint && use("point"),
    area() {
      const work = session.work();
      return !work.isPoint && (work.geometry ? areaTool("part")() : use("draw"));
    },
    part: areaTool("part"),
    cut: savedTool("cut"),
    merge: savedTool("merge"),
    hole: areaTool("hole"),
    remove: areaTool("remove"),
    move: areaTool("move"),
    shape: () => Boolean(session.work().geometry) && use("shape"),
    trace() {
      tools.tracing = !tools.tracing;
      session.showTool();
    },
    snap() {
      neighbours.on = !neighbours.on;
      const sketch = tools.places();
      tools.use(tools.name);
      if (sketch) {
        tools.resume(sketch);
      }
    },
    place: () => tools.place(),
    finish: () => (tools.name === "merge" ? session.cutting.merge(session.work()) : tools.finish()),
    cancel() {
      if (!tools.cancel()) {
        session.leave();
      }
    },
    delete: () => tools.undoSketch() || tools.removeCorner(),
    undo() {
      if (!tools.undoSketch() && session.work().undo()) {
        tools.again();
      }
    },
    redo() {
      if (!tools.redoSketch() && session.work().redo()) {
        tools.again();
      }
    },
    save: () => void session.save(),
    keys: () => session.showKeys(),
    throw: () => void session.removeAll(),
  };
}
