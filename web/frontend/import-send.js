// Sending a file: says how far it is, and why not. Without this script the form is an ordinary one.
const words = JSON.parse(document.getElementById("import-settings").textContent);
const $ = (id) => document.getElementById(id);
const form = $("send");
const input = form.elements.file;
const button = form.querySelector("button[type=submit]");

function complain(sentence) {
  $("send-error").textContent = sentence;
  $("send-error").hidden = !sentence;
  $("sending").hidden = Boolean(sentence);
  button.disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
  if (bytes > words.most * 1024 ** 2) {
    complain(words.big);
    return;
  }
  complain("");
  $("sending").hidden = false;
  button.disabled = true;
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => {
    if (step.lengthComputable) $("sent").value = (100 * step.loaded) / step.total;
  });
  request.addEventListener("error", () => complain(words.failed));
  request.addEventListener("load", () => {
    // The form's answer is a redirect, followed by now: where it ended is the page to show, or
    // this page once more, saying what was wrong.
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const mistake = page.querySelector(".messages .message-error");
    if (request.status === 413) complain(words.big);
    else if (request.status >= 400) complain(words.failed);
    else if (mistake) complain(mistake.textContent);
    else window.location.assign(request.responseURL);
  });
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.send(new FormData(form));
});

// A file dropped anywhere on the field is as good as a chosen one.
const drop = $("drop");
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("is-over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
