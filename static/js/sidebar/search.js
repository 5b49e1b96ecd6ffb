// Filters beside what they find. htmx does the asking; this keeps the page honest while answers are on their way:
// only the newest search is shown, numbers that are out of date look so, and open panels, ticks and
// the cursor stay where the person has put them.
const results = () => document.getElementById("results");
const filters = () => document.getElementById("filters");
const isSearch = (ctx) => ctx?.target?.id === "results" && ctx.target.closest("[data-builder]");

let newest = null; // the search whose answer will be shown
let origin = null; // where the cursor was when it was sent
const arranged = new Map(); // panel → whether its owner wants it open

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (!isSearch(ctx)) return;
  // hx-sync forgets the running request once it has replaced one, so a third would not end it.
  if (newest && newest !== ctx) newest.request.abort();
  newest = ctx;
  // A segment's page names no filter at first; the way back must lead to the one that is left now.
  if (!location.search) history.replaceState(history.state ?? { htmx: true }, "", results().dataset.address);
  origin = document.activeElement?.closest?.("[data-panel]")?.id ?? null;
  results().setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (isSearch(ctx) && ctx !== newest) event.preventDefault();
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (!isSearch(ctx) || ctx !== newest) return;
  const answered = ctx.status === "swapped";
  results().removeAttribute("aria-busy");
  const note = document.querySelector("[data-stale-note]");
  if (note && ctx.status !== "swapped" && ctx.response?.status !== 204) {
    note.hidden = false;
    results().classList.add("is-stale");
  }
  if (answered) settle();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-try-again]")) return;
  event.preventDefault();
  filters().requestSubmit();
});

// What the server said about ticks and texts counts: an attribute alone doesn't move a box that
// somebody has touched.
function settle() {
  for (const box of filters().querySelectorAll('input[type="checkbox"]')) box.checked = box.defaultChecked;
  for (const field of filters().querySelectorAll('input[type="number"], input[type="date"]')) {
    if (field !== document.activeElement) field.value = field.defaultValue;
  }
  const words = document.querySelector("[data-search]");
  if (words && words !== document.activeElement) words.value = results().dataset.words;
  for (const [name, open] of arranged) {
    const panel = document.getElementById(`panel-${name}`);
    if (panel && panel.open !== open) panel.open = open;
  }
  if (origin && (!document.activeElement || document.activeElement === document.body)) {
    const panel = document.getElementById(origin);
    (panel?.querySelector('[role="combobox"]') ?? panel?.querySelector("summary"))?.focus({ preventScroll: true });
  }
}

// Including takes back leaving out, and the other way round.
document.addEventListener(
  "change",
  (event) => {
    const box = event.target;
    if (box.matches?.("[data-quiet]")) {
      event.stopPropagation(); // its own request has been made while typing
      return;
    }
    const row = box.checked && box.closest?.(".option");
    for (const other of row ? row.querySelectorAll('input[type="checkbox"]') : []) {
      if (other !== box) other.checked = false;
    }
  },
  true,
);

// From an option to leaving it out and back: only the first is a tab stop.
document.addEventListener("keydown", (event) => {
  const side = { ArrowRight: ".option-not input", ArrowLeft: ".option-main input" }[event.key];
  if (!side || event.altKey || event.ctrlKey || event.metaKey) return;
  const box = event.target.matches?.('.option input[type="checkbox"]') && event.target.closest(".option").querySelector(side);
  if (!box || box === event.target) return;
  event.preventDefault();
  box.focus();
});

document.addEventListener(
  "toggle",
  (event) => {
    const panel = event.target;
    if (!panel.matches?.("[data-panel]")) return;
    const mark = panel.querySelector("[data-panel-open]");
    const before = !mark.disabled;
    mark.disabled = !panel.open;
    if (before === panel.open) return; // the server opened it
    arranged.set(panel.dataset.panel, panel.open);
    // A list that was closed has no counts yet.
    if (panel.open && "counted" in panel.dataset && !panel.querySelector(".option-count")) {
      filters().requestSubmit();
    }
  },
  true,
);
