// Small help with forms: the cursor goes to the first thing that is wrong; a password can be shown;
// a checkbox in a table's head ticks its rows; what was typed isn't lost by a slip.
function focusFirstWrong(root) {
  const wrong = root.querySelector?.('[aria-invalid="true"]:not([type="hidden"])');
  const summary = root.querySelector?.("[data-form-errors]");
  (summary ?? wrong)?.focus();
}

focusFirstWrong(document);
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const target = detail.ctx?.target;
  if (detail.ctx?.response?.status >= 400 && target instanceof Element) {
    focusFirstWrong(target.isConnected ? target : document);
  }
});

document.addEventListener("click", (event) => {
  const reveal = event.target.closest("[data-reveal]");
  if (!reveal) return;
  const input = document.getElementById(reveal.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  reveal.setAttribute("aria-pressed", String(!shown));
});

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-check-all]")) {
    const rows = box.closest("table").querySelectorAll('tbody input[type="checkbox"]:not(:disabled)');
    const on = box.checked; // each row's own event sets the box again
    for (const row of rows) {
      if (row.checked === on) continue;
      row.checked = on;
      row.dispatchEvent(new Event("change", { bubbles: true }));
    }
  } else if (box.matches('tbody input[type="checkbox"]')) {
    const head = box.closest("table").querySelector("[data-check-all]");
    if (!head) return;
    const rows = [...box.closest("table").querySelectorAll('tbody input[type="checkbox"]:not(:disabled)')];
    const ticked = rows.filter((row) => row.checked).length;
    head.checked = ticked > 0 && ticked === rows.length;
    head.indeterminate = ticked > 0 && ticked < rows.length;
  }
});

// A form with data-guard asks before the page is left with changes in it.
let changed = null;
document.addEventListener("input", (event) => {
  changed = event.target.closest("form[data-guard]") ?? changed;
});
document.addEventListener("submit", () => (changed = null), true);
window.addEventListener("beforeunload", (event) => changed?.isConnected && event.preventDefault());
