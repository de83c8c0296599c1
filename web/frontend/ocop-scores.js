// The sheet of scores tells its total while it is filled in. The server reckons; without this script
// the button "Lưu và tính" does the same.
const sheet = document.querySelector("form.sheet[data-reckon]");
const result = sheet?.querySelector(".running-result");
let waiting = 0;
let asked = 0;

async function reckon() {
  const number = ++asked;
  try {
    const answer = await fetch(sheet.dataset.reckon, {
      method: "POST",
      body: new FormData(sheet),
      headers: { Accept: "text/html" },
    });
    // Answers may overtake each other: only the last question's counts.
    if (answer.ok && number === asked) result.innerHTML = await answer.text();
  } catch {
    // No network: what was shown last stays, and saving tells.
  }
}

if (result) {
  sheet.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(reckon, 200);
  });
}
