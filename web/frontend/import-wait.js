// Waiting for the worker: shows how far it is, and opens the page anew when it is done.
const settings = JSON.parse(document.getElementById("import-settings").textContent);
const { words } = settings;
const bar = document.getElementById("progress");
const said = document.getElementById("progress-words");
const EVERY_MS = 700;

async function look() {
  try {
    const answer = await fetch(settings.address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const { state, progress } = await answer.json();
    if (state !== settings.state && !(settings.state === "waiting" && state === "reading")) {
      window.location.reload();
      return;
    }
    if (progress) {
      const parts = { done: progress.done.toLocaleString(document.documentElement.lang), total: progress.total?.toLocaleString(document.documentElement.lang) };
      if (progress.total) {
        bar.max = progress.total;
        bar.value = progress.done;
      }
      said.textContent = words[progress.total ? "progress" : "done"].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
    }
  } catch {
    said.textContent = words.failed;
  }
  window.setTimeout(look, EVERY_MS);
}

window.setTimeout(look, EVERY_MS);
