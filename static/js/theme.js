// Light, dark or what the system says: set on <html> before the first paint, so this one script
// is neither deferred nor a module. Buttons with data-theme-choice change it.
(() => {
  const KEY = "cursive-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const read = () => {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch {
      return "auto"; // storage is switched off: follow the system
    }
  };

  const apply = (choice) => {
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
    document.dispatchEvent(new CustomEvent("theme:change", { detail: { dark, choice } }));
  };

  const choose = (choice) => {
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // it then lasts for this page only
    }
    apply(choice);
  };

  apply(read());
  system.addEventListener("change", () => apply(read()));
  window.addEventListener("storage", (event) => event.key === KEY && apply(read()));
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (button) choose(button.dataset.themeChoice);
  });
})();
