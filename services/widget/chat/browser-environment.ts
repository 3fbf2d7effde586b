import type { KeyValueStorage, Surroundings } from "./environment.ts";

/** Maximum delay of a change in a document whose frames are not painted, such as a hidden tab. */
const longestFrameMs = 250;

/** Adapts this browser's storage, locks, channels and events. */
export function browserSurroundings(): Surroundings {
  return {
    storage: openStorage(),
    // The DOM type omits that `locks` is absent in insecure contexts.
    locks: (navigator as Partial<Navigator>).locks,
    openChannel: typeof BroadcastChannel === "undefined" ? undefined : openChannel,
    now: () => Date.now(),
    online: () => navigator.onLine,
    visible: () => !document.hidden,
    frame,
    listen,
  };
}

function openStorage(): KeyValueStorage | undefined {
  try {
    return localStorage;
  } catch {
    // Access to storage is denied.
    return undefined;
  }
}

const openChannel: Surroundings["openChannel"] = (name, hear) => {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }) => hear(data));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
};

function frame(run: () => void): void {
  const once = () => {
    cancelAnimationFrame(request);
    clearTimeout(timer);
    run();
  };
  const request = requestAnimationFrame(once);
  const timer = setTimeout(once, longestFrameMs);
}

const listen: Surroundings["listen"] = (hear) => {
  const end = new AbortController();
  const { signal } = end;
  const turn = () => hear(document.visibilityState);
  for (const type of ["online", "offline"] as const) addEventListener(type, () => hear(type), { signal });
  addEventListener("storage", ({ key }) => hear("storage", key), { signal });
  // A page restored from the back/forward cache has lost its connections.
  addEventListener("pageshow", turn, { signal });
  addEventListener("pagehide", () => hear("hidden"), { signal });
  document.addEventListener("visibilitychange", turn, { signal });
  return () => end.abort();
};
