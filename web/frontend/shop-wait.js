// A page that waits for the worker looks now and then, and shows itself anew when the work is done.
const EVERY_MS = 2000;

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const text = answer.ok ? await answer.text() : "";
    if (text && !new DOMParser().parseFromString(text, "text/html").querySelector(".shop-wait")) {
      location.reload();
      return;
    }
  } catch {
    // The network is away for a moment: look again.
  }
  setTimeout(look, EVERY_MS);
}

if (document.querySelector(".shop-wait")) setTimeout(look, EVERY_MS);
