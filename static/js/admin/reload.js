// An element with data-reload-after="SECONDS" has its page loaded anew after so long, and again and
// again: but not while somebody is at work on it, for what is ticked or typed would be lost.
const page = document.querySelector("[data-reload-after]");

const isChoosing = () => document.querySelector(".action-select:checked, [role=dialog], dialog[open]");

function isTyping() {
  const { activeElement } = document;
  return Boolean(activeElement?.matches("select, textarea, input:not([type=checkbox])"));
}

if (page) {
  let typed = false;
  document.addEventListener("input", (event) => {
    typed ||= !event.target.matches("[type=checkbox]");
  });
  setInterval(() => {
    if (!(document.hidden || typed || isTyping() || isChoosing())) window.location.reload();
  }, page.dataset.reloadAfter * 1000);
}
