import type { KeyValueStorage, Environment } from "./environment.ts";

/** Maximum delay of a change in a document whose frames are not painted, such as a hidden tab. */
const maxFrameMs = 250;

/** Adapts this browser's storage, locks, channels and events. */
export function browserEnvironment(): Environment {
  return {
    storage: openStorage(),
    // The DOM type omits that `locks` is absent in insecure contexts.
    locks: (navigator as Partial<Navigator>).locks,
    openChannel,
    now: () => Date.now(),
    online: () => navigator.onLine,
    visible: () => !document.hidden,
    focused: () => document.hasFocus(),
    requestFrame,
    listen,
  };
}

/** Opens the storage. It is `null` in a web view of Android without DOM storage. */
function openStorage(): KeyValueStorage | null | undefined {
  try {
    return localStorage;
  } catch {
    // Access to storage is denied.
    return undefined;
  }
}

const openChannel: Environment["openChannel"] = (name, listener) => {
  try {
    const channel = new BroadcastChannel(name);
    channel.addEventListener("message", ({ data }) => listener(data));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
      post: (message) => channel.postMessage(message),
      close: () => channel.close(),
    };
  } catch {
    // Firefox denies it together with storage.
    return undefined;
  }
};

function requestFrame(run: () => void): void {
  const once = () => {
    cancelAnimationFrame(request);
    clearTimeout(timer);
    run();
  };
  const request = requestAnimationFrame(once);
  const timer = setTimeout(once, maxFrameMs);
}

const listen: Environment["listen"] = (listener) => {
  const listening = new AbortController();
  const { signal } = listening;
  for (const type of ["online", "offline", "focus"] as const) addEventListener(type, () => listener(type), { signal });
  addEventListener("storage", ({ key }) => listener("storage", key), { signal });
  // A page restored from the back/forward cache has lost its connections.
  onEvents(["pageshow", "resume", "visibilitychange"], () => listener(document.visibilityState));
  onEvents(["pagehide", "freeze"], () => listener("hidden"));
  return () => listening.abort();

  /** Listens to events of the window and of the document, which a capturing listener of the window hears, too. */
  function onEvents(types: readonly string[], hear: () => void): void {
    for (const type of types) addEventListener(type, hear, { signal, capture: true });
  }
};
