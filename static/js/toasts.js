// Notices in the corner. From the server: the event `toast` of an HX-Trigger header, with
// {message, level, more}; from scripts: document.dispatchEvent(new CustomEvent("toast", {detail})).
const STAY = { success: 5000, info: 6000, warning: 9000, danger: 0 }; // 0: until closed
const MOST = 4;

const region = () => document.getElementById("toasts");

function leave(note) {
  note.classList.add("toast-leaving");
  setTimeout(() => note.remove(), 200);
}

function keepWhileRead(note, stay) {
  if (!stay) return;
  let timer;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => leave(note), stay);
  };
  const hold = () => clearTimeout(timer);
  note.addEventListener("mouseenter", hold);
  note.addEventListener("focusin", hold);
  note.addEventListener("mouseleave", start);
  note.addEventListener("focusout", start);
  start();
}

// An open modal dialog makes all else inert, so notices are shown inside it, and otherwise in the
// body; either way in the top layer. The region is there from the start, for screen readers.
function place(box, parent) {
  if (box.parentElement !== parent) parent.append(box);
  if (!box.showPopover) return;
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover();
}

function goHome(from) {
  const box = region();
  if (box && from instanceof Element && from !== document.body && from.contains(box)) {
    place(box, document.body);
  }
}

function show({ message, text, level = "info" }) {
  const words = message ?? text;
  const box = region();
  const template = document.getElementById("toast-template");
  if (!words || !box || !template) return;
  const same = [...box.children].find((note) => note.querySelector(".toast-text").textContent === words);
  same?.remove();
  const known = level in STAY ? level : "info";
  const note = template.content.firstElementChild.cloneNode(true);
  note.classList.add(`note-${known}`);
  note.setAttribute("role", known === "danger" ? "alert" : "status");
  note.querySelector(".toast-text").textContent = words;
  for (const icon of note.querySelectorAll(":scope > .icon")) {
    if (!icon.classList.contains(`toast-i-${known}`)) icon.remove();
  }
  for (const old of [...box.children].slice(0, Math.max(0, box.children.length - MOST + 1))) old.remove();
  // The last modal dialog that is open is all that can be read and clicked.
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  place(box, dialog ?? document.body);
  box.append(note);
  keepWhileRead(note, STAY[known]);
}

document.addEventListener("toast", ({ detail }) => {
  const first = typeof detail?.value === "string" ? { message: detail.value } : detail;
  show(first);
  for (const next of first.more ?? []) show(next);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-toast-close]");
  if (button) leave(button.closest(".toast-note"));
});

document.addEventListener("close", (event) => goHome(event.target), true);
document.addEventListener("htmx:before:swap", ({ detail }) => goHome(detail.ctx?.target));

if (region()) place(region(), document.body);
for (const waiting of document.querySelectorAll("[data-toast]")) {
  show({ message: waiting.textContent.trim(), level: waiting.dataset.toast });
  waiting.remove();
}
