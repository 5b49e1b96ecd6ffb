// Django admin under our Content-Security-Policy. Alpine's build without eval finds components
// only by name, knows no globals, and reads one expression an attribute.
htmx.config.includeIndicatorStyles = false;

function frame(...options) {
  return {
    ...theme(...options),
    // Not the global itself, which the build without eval refuses to touch.
    localStorage: {
      getItem: (name) => localStorage.getItem(name),
      setItem: (name, value) => localStorage.setItem(name, value),
    },
    formAction() {
      const { pathname, search } = window.location;
      const tab = this.activeTab && this.activeTab !== "general" ? `#${this.activeTab}` : "";
      return pathname + search + tab;
    },
    // As an object Alpine sets it by script, which the policy allows; as a text by attribute.
    widthOf: (pixels) => ({ width: `${pixels}px` }),
    startAdmin(frame, tab) {
      frame.activeTab = getCurrentTab() || tab;
      this.$watch("sidebarDesktopOpen", (open) => {
        localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0");
      });
    },
  };
}

document.addEventListener("alpine:init", () => {
  Alpine.data("theme", frame);
  for (const component of [searchForm, searchDropdown, searchCommand]) {
    Alpine.data(component.name, component);
  }
});
