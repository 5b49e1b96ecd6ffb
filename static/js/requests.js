// What htmx leaves open: a thin bar while something loads, and a word when it fails, so that no
// click ends in silence.
const SLOW = 180; // ms before the bar shows; quicker answers need none
const WORDS = {
  400: "That could not be understood. Check what you entered.",
  401: "You are signed out. Sign in again to go on.",
  402: "You don't have enough credits for this.",
  403: "You are not allowed to do this.",
  404: "This is not there any more.",
  409: "Somebody changed this in the meantime. Reload the page.",
  413: "That is too large.",
  429: "That was too often. Wait a little and try again.",
  503: "This part is resting for a moment. Try again soon.",
};

let open = 0;
let timer;

const say = (message, level = "danger") =>
  document.dispatchEvent(new CustomEvent("toast", { detail: { message, level } }));

const isPage = (text) => /^\s*(<!doctype html|<html)/i.test(text ?? "");

// What the page asks by itself shows no bar; and what it asks again and again says nothing when it
// fails, since the next try follows.
const isBackground = (ctx) => /^(every|load|intersect)$/.test(ctx?.sourceEvent?.type ?? "");
const isPolling = (ctx) => ctx?.sourceEvent?.type === "every";

document.addEventListener("htmx:before:request", ({ detail }) => {
  if (isBackground(detail.ctx)) return;
  detail.ctx.shownAsBusy = true;
  open += 1;
  timer ??= setTimeout(() => document.documentElement.classList.add("is-loading"), SLOW);
});

document.addEventListener("htmx:finally:request", ({ detail }) => {
  if (!detail.ctx?.shownAsBusy) return;
  open = Math.max(0, open - 1);
  if (open) return;
  clearTimeout(timer);
  timer = undefined;
  document.documentElement.classList.remove("is-loading");
});

document.addEventListener("htmx:error", ({ detail }) => {
  const { error, ctx } = detail;
  if (error?.name === "AbortError" && !timedOut(ctx)) return; // a newer request took its place
  if (isPolling(ctx)) return;
  if (error?.name === "AbortError") say("The server took too long. Try again.");
  else if (error instanceof TypeError && !ctx?.response) {
    say(navigator.onLine ? "The server can't be reached. Try again." : "You are offline.");
  } else say("Something went wrong on this page. Reload it and try again.");
});

function timedOut(ctx) {
  return ctx?.startedAt && performance.now() - ctx.startedAt > (window.htmx?.config.defaultTimeout ?? 60000) - 500;
}

document.addEventListener("htmx:config:request", ({ detail }) => {
  detail.ctx.startedAt = performance.now();
});

// Errors come as a toast (HX-Trigger) or as this page's own part with its messages. A whole page
// must never end up inside a part, and an error that says nothing must not stay silent.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const response = ctx.response;
  if (!response) return;
  const page = isPage(ctx.text) && !ctx.select && ctx.target !== document.body;
  if (response.status < 400) {
    if (page && response.raw.redirected) {
      event.preventDefault();
      location.assign(response.raw.url);
    }
    return;
  }
  const told = (ctx.hx?.trigger ?? "").includes("toast");
  const refusal = /\bdata-error-fragment\b/.test(ctx.text ?? "");
  const isWaiting = isBackground(ctx) && !isPolling(ctx); // a place that still shows a skeleton
  const hasRoom = isWaiting || (ctx.target instanceof Element && !ctx.target.textContent.trim());
  if (!page && ctx.text?.trim() && (!refusal || hasRoom)) return;
  event.preventDefault();
  if (!told && !isPolling(ctx)) say(WORDS[response.status] ?? "Something went wrong on our side. Try again.");
});

// Passkeys: the library only writes to the console.
document.addEventListener("allauth.error", ({ detail }) => {
  const name = detail?.exception?.name;
  if (name === "NotAllowedError" || name === "AbortError") say("The passkey was not confirmed.", "warning");
  else say("Your browser or device could not use a passkey here.");
});
