// Waiting for a job of the worker: shows how far it is, and opens the page anew when it is done.
const settings = JSON.parse(document.getElementById("job-settings").textContent);
const { words } = settings;
const bar = document.getElementById("progress");
const said = document.getElementById("progress-words");
const EVERY_MS = 1000;

async function look() {
  try {
    const answer = await fetch(settings.address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const { state, report } = await answer.json();
    if (state === "done" || state === "failed") {
      window.location.reload();
      return;
    }
    const told = document.getElementById("state");
    if (told && words[state]) told.textContent = words[state];
    if (report.progress) {
      bar.max = report.progress.of;
      bar.value = report.progress.done;
      said.textContent = words.progress.replace(/\{(\w+)\}/g, (_, name) => report.progress[name].toLocaleString(document.documentElement.lang));
    }
  } catch {
    said.textContent = words.failed;
  }
  window.setTimeout(look, EVERY_MS);
}

window.setTimeout(look, EVERY_MS);
