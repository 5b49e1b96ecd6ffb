// A text field that suggests (ARIA combobox): arrows move, Enter takes, Escape closes. What is taken
// becomes a hidden field of the form, and the form is sent.
const WAIT = 120;

class Combobox {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector('[role="combobox"]');
    this.list = root.querySelector('[role="listbox"]');
    this.input.removeAttribute("name"); // without this script the text itself is sent
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // keep the cursor
    this.list.addEventListener("click", (event) => this.take(event.target.closest('[role="option"]')));
    this.list.addEventListener("mousemove", (event) => {
      const option = event.target.closest('[role="option"]');
      if (option) this.mark(option);
    });
  }

  get options() {
    return [...this.list.querySelectorAll('[role="option"]')];
  }

  get marked() {
    return this.list.querySelector('[aria-selected="true"]');
  }

  later() {
    clearTimeout(this.timer);
    if (!this.input.value.trim()) return this.close();
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    this.asking?.abort();
    this.asking = new AbortController();
    const url = `${this.root.dataset.suggest}?q=${encodeURIComponent(this.input.value.trim())}`;
    try {
      const answer = await fetch(url, { signal: this.asking.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      this.list.innerHTML = await answer.text();
      if (document.activeElement === this.input) this.open();
    } catch {
      // a newer letter took its place, or the network is away: typing goes on without suggestions
    }
  }

  open() {
    const any = this.options.length > 0;
    this.list.hidden = !any;
    this.input.setAttribute("aria-expanded", String(any));
    this.mark(this.options[0]);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(option) {
    for (const other of this.options) other.setAttribute("aria-selected", String(other === option));
    if (!option) return;
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "Escape" && open) {
      event.stopPropagation(); // the sheet around it stays
      this.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (event.isComposing) return;
      if (open && this.fresh()) this.take(this.marked);
      else if (this.input.value.trim()) this.add(this.root.dataset.typed, this.input.value.trim());
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        if (this.input.value.trim()) this.ask();
        return;
      }
      const at = this.options.indexOf(this.marked) + (event.key === "ArrowDown" ? 1 : -1);
      this.mark(this.options.at(at % this.options.length));
    }
  }

  // Whether the list belongs to what is typed now.
  fresh() {
    return this.options[0]?.dataset.value === this.input.value.trim();
  }

  take(option) {
    if (option) this.add(option.dataset.operator, option.dataset.value);
  }

  add(operator, value) {
    const form = this.input.form;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = `${this.root.dataset.combo}.${operator}`;
    field.value = value;
    this.root.append(field);
    this.input.value = "";
    this.close();
    form.requestSubmit();
  }
}

function start() {
  for (const root of document.querySelectorAll("[data-combo]")) root.combobox ??= new Combobox(root);
}

start();
document.addEventListener("htmx:after:swap", start);
