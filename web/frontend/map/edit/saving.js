// Saving, and every way it may end: done, refused by a rule, overtaken by somebody, not let in, not
// reached. Whatever happens, the draft stays until the server has said yes.
import { say, words } from "../settings.js";
import { byId, element } from "./dom.js";
import { firstMissing, settleForm } from "./form.js";
import * as server from "./server.js";

const TOLD = {
  "signed-out": "edit-signed-out",
  forbidden: "edit-forbidden",
  offline: "edit-offline",
  busy: "edit-busy",
  failed: "edit-failed",
  "too-big": "edit-too-big",
};

/** Tell a person one sentence about the save, and where to go on. */
export function tell(sentence, ...more) {
  const place = byId("edit-message");
  place.replaceChildren(...(sentence ? [element("p", { text: sentence }), ...more] : []));
  place.hidden = !sentence;
  if (sentence) {
    place.scrollIntoView({ block: "nearest" });
  }
}

/** What a refusal means, in words; the server's own sentence where it says more. */
export function explain(error) {
  const own = words[TOLD[error.kind]];
  if (error.kind === "signed-out") {
    tell(own, element("a", { href: "/dang-nhap", target: "_blank", rel: "opener", class: "edit-link", text: words["edit-sign-in"] }));
  } else if (own) {
    tell(own, ...(error.kind === "forbidden" && error.problem.detail ? [element("p", { class: "edit-small", text: error.problem.detail })] : []));
  } else {
    tell(say("edit-refused", { detail: error.problem.detail ?? error.message }));
    for (const { pointer } of error.problem.errors ?? []) {
      byId(`edit-f-${pointer?.split("/").pop()}`)?.setAttribute("aria-invalid", "true");
    }
  }
}

export class Saving {
  /** @param {{problems, conflict, reason(): string, saved(feature, work), changed()}} session */
  constructor(session) {
    this.session = session;
    this.busy = false;
  }

  async save(work) {
    if (this.busy) {
      return;
    }
    settleForm(work);
    tell("");
    const { problems } = this.session;
    const missing = firstMissing();
    if (!work.geometry) {
      tell(words[work.isPoint ? "edit-no-point" : "edit-no-shape"]);
    } else if (missing) {
      tell(words["edit-missing"]);
      this.session.openBody();
      missing.focus();
    } else if (!work.isDirty) {
      tell(words["edit-nothing"]);
    } else {
      this.busy = true;
      byId("edit-save").setAttribute("aria-disabled", "true");
      byId("edit-save").textContent = words["edit-saving"];
      try {
        await this.send(work, problems);
      } finally {
        this.busy = false;
        byId("edit-save").removeAttribute("aria-disabled");
        byId("edit-save").textContent = words["edit-save"];
      }
    }
  }

  async send(work, problems) {
    const reason = this.session.reason();
    let saved;
    try {
      saved = await server.save(work.layer, work.id, work.toSend(), { etag: work.base?.etag, reason });
    } catch (error) {
      if (!(error instanceof server.Refused)) {
        throw error;
      }
      await this.refused(error, work, problems);
      return;
    }
    await this.session.saved(saved, work);
  }

  async refused(error, work, problems) {
    if (error.kind === "rules" || error.kind === "reason-needed") {
      problems.show(error.problem.problems);
      this.session.openBody();
      if (problems.blocks) {
        tell(words["edit-blocked"]);
      } else {
        tell(words["edit-reason-needed"]);
        byId("edit-reason").focus();
      }
    } else if (error.kind === "stale") {
      await this.overtaken(error, work);
    } else if (error.kind === "gone") {
      this.gone(work);
    } else {
      explain(error);
    }
  }

  async overtaken(error, work) {
    let theirs;
    try {
      theirs = await server.readFeature(work.layer, work.id);
    } catch (failed) {
      if (failed.kind === "gone") {
        this.gone(work);
      } else {
        explain(failed);
      }
      return;
    }
    const chosen = await this.session.resolve(work, theirs, error.problem);
    if (!chosen) {
      tell(words["edit-conflict-kept"]);
      return;
    }
    work.rebase(theirs, chosen.geometry, chosen.values);
    if (work.isDirty) {
      await this.send(work, this.session.problems);
    } else {
      // Theirs was chosen throughout: there is nothing left to save.
      await this.session.saved(theirs, work);
    }
  }

  /** It was deleted meanwhile: what was drawn may become a new one. */
  gone(work) {
    const again = element("button", { type: "button", class: "edit-link", text: words["edit-save-as-new"] });
    again.addEventListener("click", () => {
      work.id = null;
      work.base = null;
      this.session.changed();
      this.save(work);
    });
    tell(words["edit-gone"], again);
  }
}
