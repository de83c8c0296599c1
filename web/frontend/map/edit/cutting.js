// Cutting an area by a line and joining neighbours: the server does both, so that no gap is left and
// the history knows what came from what.
import { say, words } from "../settings.js";
import { ask } from "./dom.js";
import { explain, tell } from "./saving.js";
import * as server from "./server.js";
import { toDegrees } from "./work.js";

/** The ids in an answer, whatever it wraps them in. */
function idsOf(answer) {
  const list = Array.isArray(answer) ? answer : (answer.features ?? answer.items ?? [answer]);
  return list.map((one) => one.id ?? one.fid);
}

/** @param {{tools, finished(layer: string, ids: number[], sentence: string)}} session */
export function wireCutting({ tools, finished }) {
  function refused(error) {
    if (!(error instanceof server.Refused)) {
      throw error;
    }
    tools.use("shape");
    if (error.kind === "stale") {
      tell(words["edit-cut-stale"]);
    } else if (error.problem.problems?.length) {
      tell(say("edit-refused", { detail: error.problem.problems.map(({ detail }) => detail).join(" ") }));
    } else {
      explain(error);
    }
  }

  return {
    async cut(work, line) {
      const reason = await ask({ title: words["edit-cut"], text: words["edit-cut-text"], yes: words["edit-cut-yes"], reason: "asked" });
      if (reason === false) {
        tools.use("shape");
        return;
      }
      tell(words["edit-saving"]);
      try {
        const ids = idsOf(await server.split(work.layer, work.id, toDegrees(line), { etag: work.base.etag, reason }));
        await finished(work.layer, ids, say("edit-cut-done", { count: ids.length }));
      } catch (error) {
        refused(error);
      }
    },

    merge(work) {
      const chosen = tools.chosen();
      if (!chosen.length) {
        tell(words["edit-merge-none"]);
        return true;
      }
      this.join(work, chosen);
      return true;
    },

    async join(work, chosen) {
      const text = say("edit-merge-text", { count: chosen.length + 1 });
      const reason = await ask({ title: words["edit-merge"], text, yes: words["edit-merge-yes"], reason: "asked" });
      if (reason === false) {
        return;
      }
      const own = { id: work.id, version: work.base.properties.version };
      const others = chosen.map((one) => ({ id: one.get("id"), version: one.get("version") }));
      tell(words["edit-saving"]);
      try {
        const ids = idsOf(await server.merge(work.layer, [own, ...others], reason));
        await finished(work.layer, ids, say("edit-merge-done", { count: chosen.length + 1 }));
      } catch (error) {
        refused(error);
      }
    },
  };
}
