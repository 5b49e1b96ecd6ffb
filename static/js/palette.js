// The command palette (Ctrl/Cmd-K) and keys for getting around: `/` search, `g` and a letter to go
// to a page, `?` for the list. The server renders the palette; this filters, moves and follows.
const dialog = document.getElementById("palette");
const input = dialog?.querySelector('[role="combobox"]');
const list = dialog?.querySelector('[role="listbox"]');
const none = dialog?.querySelector("[data-palette-none]");
const KEY = "cursive-keys";

const options = () => [...list.querySelectorAll('[role="option"]')];
const shown = () => options().filter((option) => !option.hidden);

function select(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  input.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

function filter() {
  const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of options()) {
    if (option.dataset.query) {
      option.hidden = !words.length;
      option.querySelector("[data-query-text]").textContent = input.value.trim();
    } else {
      const text = option.dataset.words.toLowerCase();
      option.hidden = !words.every((word) => text.includes(word));
    }
  }
  for (const group of list.querySelectorAll("[data-palette-group]")) {
    group.hidden = !group.querySelector('[role="option"]:not([hidden])');
  }
  none.hidden = shown().length > 0;
  select(shown()[0]);
}

function follow(option, event) {
  if (!option) return;
  if (option.dataset.click) {
    dialog.close();
    document.querySelector(option.dataset.click)?.click();
    return;
  }
  const query = option.dataset.query;
  const url = query ? `${query}${encodeURIComponent(input.value.trim())}` : option.dataset.href;
  if (event.ctrlKey || event.metaKey) window.open(url, "_blank", "noopener");
  else location.assign(url);
}

function open() {
  if (!dialog || dialog.open) return;
  input.value = "";
  filter();
  dialog.showModal();
  input.focus();
}

if (dialog) {
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    const visible = shown();
    const at = visible.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: visible.length - 1 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      follow(visible[at], event);
    } else if (to !== undefined && visible.length && (event.key.startsWith("Arrow") || event.ctrlKey)) {
      event.preventDefault();
      select(visible[(to + visible.length) % visible.length]);
    }
  });
  list.addEventListener("mousemove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option.getAttribute("aria-selected") !== "true") select(option);
  });
  list.addEventListener("click", (event) => follow(event.target.closest('[role="option"]'), event));
  document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && open());
}

// ---- Keys -------------------------------------------------------------------------------

const keysOn = () => {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
};
const isTyping = (target) =>
  target.closest?.('input:not([type="checkbox"],[type="radio"],[type="button"],[type="submit"]),textarea,select,[contenteditable],[role="combobox"]');

const goTo = Object.fromEntries(
  [...document.querySelectorAll("[data-shortcut][data-href]")].map((element) => [element.dataset.shortcut, element.dataset.href]),
);
let pending = "";
let forget;

function single(key) {
  if (key === "/") {
    const field = document.querySelector("main [data-search], main input[type=search]");
    if (field) {
      field.focus();
      field.select?.();
    } else open();
    return true;
  }
  if (key === "?") {
    document.getElementById("keys")?.showModal();
    return true;
  }
  const button = document.querySelector(`main [data-key="${CSS.escape(key)}"]`);
  button?.click();
  return Boolean(button);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (dialog?.open) dialog.close();
    else open();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (!keysOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  clearTimeout(forget);
  if (pending) {
    const url = goTo[`${pending} ${event.key}`];
    pending = "";
    if (url) {
      event.preventDefault();
      location.assign(url);
      return;
    }
  }
  if (Object.keys(goTo).some((keys) => keys.startsWith(`${event.key} `))) {
    pending = event.key;
    forget = setTimeout(() => (pending = ""), 1200);
  } else if (single(event.key)) event.preventDefault();
});

const keysSwitch = document.querySelector("[data-keys-switch]");
if (keysSwitch) {
  keysSwitch.checked = keysOn();
  keysSwitch.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, keysSwitch.checked ? "on" : "off");
    } catch {
      // lasts for this page only
    }
  });
}
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-mod-key]")) key.textContent = "⌘";
}
