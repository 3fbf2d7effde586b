const tickMs = 1000;
/** Timers of a page that is seen are not late by so much, unless the machine slept. */
const sleptMs = 5000;

/**
 * Calls back when the page is looked at again or a closed laptop is opened, and when the network is back.
 * @param wake is told whether connections surely have to be made anew
 */
export function onWake(wake: (surely: boolean) => void): void {
  let lastTick = Date.now();
  setInterval(() => {
    const now = Date.now();
    const slept = now - lastTick > sleptMs;
    lastTick = now;
    // A hidden page has rare ticks, and is woken when it is shown.
    if (slept && !document.hidden) wake(false);
  }, tickMs);
  window.addEventListener("online", () => wake(true));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wake(false);
  });
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) wake(true);
  });
}
