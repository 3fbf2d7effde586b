/** Time by which the page counts as idle, whatever it does. */
const idleMs = 3000;

/** Checks only for the presence of stored values; their format belongs to the chat's own code. */
export function hasStoredChat(): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith("parley/"));
  } catch {
    // Access to storage is denied.
    return false;
  }
}

/** Runs something once the page has nothing else to do, or after some seconds at most. */
export function whenIdle(run: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: idleMs });
  else setTimeout(run, idleMs / 3);
}
