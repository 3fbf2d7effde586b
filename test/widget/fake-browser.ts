import { BroadcastChannel, locks } from "node:worker_threads";
import type { KeyValueStorage, PageListener, Environment } from "../../services/widget/chat/environment.ts";

let browsers = 0;

/** State shared by tabs of one browser. Its channels and locks are Node's own. */
export class FakeBrowser {
  readonly stored = new Map<string, string>();
  /** `denied`: every call throws; `full`: nothing can be added. */
  storageIs: "well" | "denied" | "full" = "well";
  online = true;
  /** Tab that the visitor's keys reach. */
  focused: FakeTab | undefined;
  /** Offset of the clock. */
  clockOffMs = 0;
  readonly #name: string;
  readonly #listeners = new Set<PageListener>();

  /** @param name of the locks and channels; a browser of the same name in another thread has the same ones */
  constructor(name = `browser ${++browsers}`) {
    this.#name = `${name} `;
  }

  /** @param without features that this tab lacks */
  openTab({
    without = [],
  }: { without?: ("storage" | "locks" | "lock rights" | "channel")[] | undefined } = {}): FakeTab {
    return new FakeTab(this, this.#name, without, this.#listeners);
  }

  setOnline(online: boolean): void {
    this.online = online;
    for (const hear of this.#listeners) hear(online ? "online" : "offline");
  }

  /** Reads the stored value of the key with this ending, parsed. */
  read(end: string): unknown {
    const [, text] = [...this.stored].find(([key]) => key.endsWith(end)) ?? [];
    return text === undefined ? undefined : JSON.parse(text);
  }
}

export class FakeTab implements Environment {
  readonly storage: KeyValueStorage | undefined;
  readonly locks: Environment["locks"];
  readonly openChannel: Environment["openChannel"];
  /** Frames so far. */
  frames = 0;
  shown = true;
  readonly #browser: FakeBrowser;
  readonly #all: Set<PageListener>;
  #hear: PageListener | undefined;

  constructor(browser: FakeBrowser, name: string, without: string[], all: Set<PageListener>) {
    this.#browser = browser;
    this.#all = all;
    this.storage = without.includes("storage") ? undefined : storageOf(browser, this);
    this.locks = without.includes("locks")
      ? undefined
      : { request: (lock, options, act) => locks.request(name + lock, options, act), query: () => locks.query() };
    if (without.includes("lock rights")) this.locks = { request: deny, query: deny };
    this.openChannel = (channel, hear) => (without.includes("channel") ? undefined : openChannel(name + channel, hear));
  }

  now = (): number => Date.now() + this.#browser.clockOffMs;
  online = (): boolean => this.#browser.online;
  visible = (): boolean => this.shown;
  focused = (): boolean => this.#browser.focused === this;

  requestFrame = (run: () => void): void => {
    setTimeout(() => {
      this.frames += 1;
      run();
    }, 5);
  };

  listen = (hear: PageListener): (() => void) => {
    this.#hear = hear;
    this.#all.add(hear);
    return () => {
      this.#hear = undefined;
      this.#all.delete(hear);
    };
  };

  /** Disconnects the tab from events of other tabs. */
  sleep(): void {
    if (this.#hear) this.#all.delete(this.#hear);
  }

  show(shown: boolean): void {
    this.shown = shown;
    this.#hear?.(shown ? "visible" : "hidden");
  }

  focus(): void {
    this.#browser.focused = this;
    this.#hear?.("focus");
  }

  /** Dispatches `storage` as browsers do, in all tabs but the one that wrote. */
  tellOfStorage(key: string): void {
    for (const hear of this.#all) if (hear !== this.#hear) queueMicrotask(() => hear("storage", key));
  }
}

function deny(): Promise<never> {
  return Promise.reject(new DOMException("denied", "SecurityError"));
}

function openChannel(name: string, hear: (message: unknown) => void) {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", (event: Event & { data?: unknown }) => hear(event.data));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
  return { post: (message: unknown) => channel.postMessage(message), close: () => channel.close() };
}

function storageOf(browser: FakeBrowser, tab: FakeTab): KeyValueStorage {
  const use = () => {
    if (browser.storageIs === "denied") throw new DOMException("denied", "SecurityError");
    return browser.stored;
  };
  return {
    get length() {
      return use().size;
    },
    key: (index) => [...use().keys()][index] ?? null,
    getItem: (key) => use().get(key) ?? null,
    setItem: (key, value) => {
      if (browser.storageIs === "full") throw new DOMException("full", "QuotaExceededError");
      use().set(key, value);
      tab.tellOfStorage(key);
    },
    removeItem: (key) => {
      use().delete(key);
      tab.tellOfStorage(key);
    },
  };
}
