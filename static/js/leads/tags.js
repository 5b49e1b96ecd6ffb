// A field for tags separated by commas suggests, for the last of them, tags that are in use.
const WAIT = 150;
const ADDRESS = "/leads/suggestions/tags/";

class Suggestions {
  constructor(input) {
    this.input = input;
    this.list = document.createElement("datalist");
    this.list.id = `${input.id || "tags"}-known`;
    input.after(this.list);
    input.setAttribute("list", this.list.id);
    input.addEventListener("input", () => this.later());
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    const parts = this.input.value.split(",");
    const typed = parts.pop().trim();
    if (!typed) return;
    const before = parts.map((part) => part.trim()).filter(Boolean);
    try {
      const answer = await fetch(`${ADDRESS}?q=${encodeURIComponent(typed)}`, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const tags = [...found.querySelectorAll("[data-value]")].slice(1).map((one) => one.dataset.value);
      this.list.replaceChildren(
        ...tags
          .filter((tag) => !before.includes(tag))
          .map((tag) => Object.assign(document.createElement("option"), { value: [...before, tag].join(", ") })),
      );
    } catch {
      // the network is away: typing goes on without suggestions
    }
  }
}

function start() {
  for (const input of document.querySelectorAll("input[data-tags]")) input.suggestions ??= new Suggestions(input);
}

start();
document.addEventListener("htmx:after:swap", start);
