// Dialogs: whatever htmx puts into #modal opens it; data-confirm and hx-confirm ask in our own
// dialog; data-dialog-open="#id" and data-dialog-close do what they say.
const modal = () => document.getElementById("modal");
let opener = null; // what opened #modal, and gets the cursor back

document.addEventListener("htmx:after:swap", ({ detail }) => {
  const box = modal();
  if (!box) return;
  const filled = box.querySelector(":scope > :not(#toasts)");
  if (filled && !box.open) {
    // The swap has moved the cursor already, so the dialog wouldn't know where to give it back.
    opener = detail?.ctx?.sourceElement ?? null;
    box.showModal();
    box.querySelector("[autofocus]")?.focus();
  }
  if (!filled && box.open && detail?.ctx?.target === box) box.close();
});

// A search may have drawn the page anew meanwhile: then what leads to the same place has the cursor.
function giveBack() {
  const href = opener?.getAttribute?.("href");
  const same = href && document.querySelector(`a[href="${CSS.escape(href)}"]`);
  (opener?.isConnected ? opener : same)?.focus();
  opener = null;
}

// The server closes it with HX-Trigger: modal:close.
document.addEventListener("modal:close", () => modal()?.close());

document.addEventListener(
  "close",
  (event) => {
    if (event.target.id !== "modal") return;
    event.target.replaceChildren();
    if (!document.activeElement || document.activeElement === document.body) giveBack();
  },
  true,
);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.querySelector(opener.dataset.dialogOpen)?.showModal();
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  // A click on the backdrop lands on the dialog itself, outside its box.
  if (event.target.matches("dialog[data-light-dismiss]")) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right &&
      event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// ---- Asking first -----------------------------------------------------------------------

function ask({ title, text, button, tone }) {
  const dialog = document.getElementById("confirm");
  if (!dialog) return Promise.resolve(window.confirm(text));
  dialog.querySelector("[data-confirm-title]").textContent = title || "Are you sure?";
  dialog.querySelector("[data-confirm-text]").textContent = text;
  const yes = dialog.querySelector("[data-confirm-yes]");
  yes.textContent = button || "Yes, go on";
  yes.classList.toggle("btn-danger", tone !== "primary");
  yes.classList.toggle("btn-primary", tone === "primary");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const wording = (element, text) => ({
  text,
  title: element.dataset.confirmTitle,
  button: element.dataset.confirmButton,
  tone: element.dataset.confirmTone,
});

const confirmed = new WeakSet();

async function askThen(element, event, go) {
  if (confirmed.delete(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(wording(element, element.dataset.confirm))) {
    confirmed.add(element);
    go();
  }
}

document.addEventListener(
  "click",
  (event) => {
    const element = event.target.closest?.("[data-confirm]:not(form)");
    if (element) askThen(element, event, () => element.click());
  },
  true,
);

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const submitter = event.submitter;
    if (form.matches("[data-confirm]")) {
      askThen(form, event, () => form.requestSubmit(submitter));
    }
  },
  true,
);

document.addEventListener("htmx:confirm", (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  ask(wording(ctx.sourceElement, ctx.confirm)).then((yes) => (yes ? issueRequest() : dropRequest()));
});
