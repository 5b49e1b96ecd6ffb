// Choosing rows of a list: one box ticks the page, Shift ticks a range, arrows move between the
// boxes, and 'all that match' stands for those on other pages too. The bar below follows.
let last = null; // where a range begins

const formOf = (element) => element.closest?.("[data-select-all]");
const BOX = 'td.col-check input[type="checkbox"]';
const boxesOf = (form) => [...form.querySelectorAll(BOX)];

function everything(form, on) {
  const field = form.querySelector('input[type="hidden"][name="everything"]');
  if (on && !field) {
    const made = document.createElement("input");
    Object.assign(made, { type: "hidden", name: "everything", value: "1" });
    form.append(made);
  } else if (!on) field?.remove();
}

function follow(form) {
  const boxes = boxesOf(form);
  const all = form.querySelector("[data-all]");
  const chosen = boxes.filter((box) => box.checked).length;
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  if (chosen < boxes.length) everything(form, false);
  for (const button of form.querySelectorAll("[data-of-chosen]")) button.disabled = !chosen;
  const bar = form.querySelector("[data-bar]");
  if (!bar) return;
  const isAll = Boolean(form.querySelector('input[type="hidden"][name="everything"]'));
  const button = bar.querySelector("[data-everything]");
  bar.classList.toggle("is-on", chosen > 0);
  const words = isAll ? button.dataset.words : `${chosen} chosen`;
  const said = bar.querySelector("[data-count]");
  if (said.textContent !== words) said.textContent = words;
  if (button) button.hidden = isAll || chosen < boxes.length;
  bar.querySelector("[data-nothing]").hidden = !chosen;
}

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const box of boxesOf(form)) box.checked = event.target.checked;
  }
  follow(form);
});

// A click comes for the space bar too, and says whether Shift was held.
document.addEventListener("click", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  const box = event.target;
  if (box.matches(BOX)) {
    const boxes = boxesOf(form);
    const from = boxes.indexOf(last);
    const to = boxes.indexOf(box);
    if (event.shiftKey && from >= 0) {
      for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
      follow(form);
    }
    last = box;
  } else if (box.closest("[data-everything]")) {
    everything(form, true);
    follow(form);
    form.querySelector("[data-nothing]").focus();
  } else if (box.closest("[data-nothing]")) {
    for (const one of boxesOf(form)) one.checked = false;
    follow(form);
    form.querySelector("[data-all]")?.focus();
  }
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(BOX) || !formOf(event.target)) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const form = formOf(event.target);
  const boxes = boxesOf(form);
  const next = boxes[boxes.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  if (event.shiftKey) {
    next.checked = event.target.checked;
    last = next;
    follow(form);
  }
  next.focus();
});

const start = () => document.querySelectorAll("[data-select-all]").forEach(follow);
start(); // the browser ticks boxes again after 'back'
window.addEventListener("pageshow", start);
document.addEventListener("htmx:after:swap", start);
