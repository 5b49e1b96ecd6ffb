// Keeps <time data-ago> true while the page stays open. The words equal the server's.
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const UNITS = [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"]];

function words(seconds) {
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds >= 0 ? "just now" : "in a moment";
  const [size, name] = UNITS.find(([least]) => distance >= least) ?? UNITS.at(-1);
  const count = Math.max(1, Math.floor(distance / size));
  const text = `${count} ${name}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

function update() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(element.dateTime)) / 1000;
    if (Math.abs(seconds) < 30 * DAY) element.textContent = words(seconds);
  }
}

setInterval(() => document.hidden || update(), 30_000);
document.addEventListener("visibilitychange", () => document.hidden || update());
