const tickMs = 1000;
/** Timers of a page that is seen are not late by so much, unless the machine slept. */
const sleptMs = 5000;

/** Calls back when a closed laptop is opened, and when the network is back. */
export function onWake(wake: () => void): void {
  let lastTick = Date.now();
  setInterval(() => {
    const now = Date.now();
    const slept = now - lastTick > sleptMs;
    lastTick = now;
    // A hidden page has rare ticks, and is woken when it is shown.
    if (slept && !document.hidden) wake();
  }, tickMs);
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wake();
  });
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) wake();
  });
}
