// Progress of long work. An element with data-job-stream="URL" is kept up to date: every message of
// that event stream is the HTML of an element with an id, which takes the place of the one here.
// Where the stream fails, data-job-poll="URL" is asked every two seconds instead. When the element
// is over it comes with data-job-over, the event `job:over` is fired on it, and the asking ends.
const POLL = 2000;
const PATIENCE = 6000; // a stream that says nothing for so long at its start is given up
const streams = new Map(); // URL → EventSource, shared by all elements that name it

const all = () => [...document.querySelectorAll("[data-job-stream],[data-job-poll]")];
const isOver = (element) => element.hasAttribute("data-job-over");

async function put(html) {
  const id = new DOMParser().parseFromString(html, "text/html").body.firstElementChild?.id;
  const element = id && document.getElementById(id);
  if (!element) return;
  const was = isOver(element);
  await window.htmx.swap({ sourceElement: element, target: element, text: html, swap: "outerMorph" });
  const now = document.getElementById(id);
  if (now && isOver(now) && !was) {
    now.dispatchEvent(new CustomEvent("job:over", { bubbles: true, detail: { ...now.dataset } }));
  }
}

async function poll(element) {
  if (!element.isConnected || isOver(element)) return;
  const next = () => setTimeout(() => poll(document.getElementById(element.id) ?? element), POLL);
  if (document.hidden) return next();
  try {
    const answer = await fetch(element.dataset.jobPoll, {
      headers: { "HX-Request": "true", Accept: "text/html" },
      credentials: "same-origin",
    });
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) return undefined;
    if (answer.ok && !answer.redirected) await put(await answer.text());
  } catch {
    // offline for a moment: ask again
  }
  return next();
}

function fallBack(url) {
  streams.get(url)?.close();
  streams.delete(url);
  for (const element of all()) {
    if (element.dataset.jobStream === url && element.dataset.jobPoll && !element.polls) {
      element.polls = true;
      poll(element);
    }
  }
}

function listen(url) {
  const source = new EventSource(url);
  streams.set(url, source);
  let failures = 0;
  let heard = false;
  setTimeout(() => heard || fallBack(url), PATIENCE);
  source.addEventListener("message", async (event) => {
    heard = true;
    failures = 0;
    await put(event.data);
    if (!all().some((element) => element.dataset.jobStream === url && !isOver(element))) {
      source.close();
      streams.delete(url);
    }
  });
  source.addEventListener("error", () => {
    failures += 1;
    if (source.readyState === EventSource.CLOSED || failures > 2) fallBack(url);
  });
}

function start() {
  for (const element of all()) {
    if (isOver(element) || element.polls) continue;
    const url = element.dataset.jobStream;
    if (url && window.EventSource) {
      if (!streams.has(url)) listen(url);
    } else if (element.dataset.jobPoll) {
      element.polls = true;
      poll(element);
    }
  }
}

start();
document.addEventListener("htmx:after:swap", start);
window.addEventListener("pagehide", () => streams.forEach((source) => source.close()));
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  streams.clear();
  start();
});
