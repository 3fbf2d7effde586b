// @ts-check
/** What this browser remembers, for reloads and for its other tabs. */

/**
 * @typedef {{ key: string, message: string, assistantType: string | undefined, body?: string }} Unsent
 *   a message that has no 202 yet; `body` is set once it was tried
 * @typedef {{ conversation: { id: string, token: string } | null, unsent: Unsent[], assistantType?: string | undefined }} Stored
 */

const storageKey = "parley.demo";

/** Read it anywhere, change it with `store`. */
export let stored = load();

/** @param {Partial<Stored>} change */
export function store(change) {
  stored = { ...stored, ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(stored));
  } catch {
    // Denied or full: the page's own copy has to do, until a reload.
  }
}

/** @param {() => void} act after another tab opened, left or deleted a conversation */
export function onOtherTab(act) {
  addEventListener("storage", ({ key }) => {
    if (key !== null && key !== storageKey) return;
    const before = stored.conversation?.id;
    stored = load();
    if (stored.conversation?.id !== before) act();
  });
}

/** @returns {Stored} nothing where storage is denied */
function load() {
  const nothing = { conversation: null, unsent: [] };
  try {
    const kept = /** @type {Partial<Stored>} */ (JSON.parse(localStorage.getItem(storageKey) ?? "{}"));
    return { ...nothing, ...kept };
  } catch {
    return nothing;
  }
}
