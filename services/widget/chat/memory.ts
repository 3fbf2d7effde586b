import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { ConversationAccess } from "../client/client.ts";
import type { Item } from "./items.ts";
import type { KeyValueStorage } from "./surroundings.ts";

/** A message that the service has not taken yet, as far as is known here. */
export interface Entry {
  /** Of the message in lists, for its whole life. */
  readonly key: string;
  /** The idempotency key: made before the first try, and kept. */
  readonly id: string;
  readonly text: string;
  /** Its place: clocks may jump. */
  readonly order: number;
  /** Unix milliseconds, by the client's clock. */
  readonly timestamp: number;
  /** Set before the first try, and the same at each: a key stands for one request. */
  readonly request?: SubmitRequest | undefined;
  /** Why it is not sent any more. */
  readonly refusal?: string | undefined;
  /** It has got another key already, because of a conversation that was deleted. */
  readonly renewed?: boolean | undefined;
  /** Deleted by the visitor, but perhaps taken before: the conversation it made is to be erased. */
  readonly withdrawn?: boolean | undefined;
}

/** What is kept, by key. */
interface Kept {
  conversation: ConversationAccess;
  /** The newest of the conversation, to be shown before the service has answered. */
  tail: { readonly conversationId: string; readonly items: readonly Item[] };
  draft: string;
  [out: `out/${string}`]: Entry;
  /** Conversations that the service is still to be told to erase. */
  [erase: `erase/${string}`]: ConversationAccess;
}

/** What outlives the page; where storage is denied or full, what does not. */
export interface Memory {
  /** Of this chat alone: also for its lock and its channel. */
  readonly name: string;
  get<Key extends keyof Kept>(key: Key): Kept[Key] | undefined;
  /** @param value `undefined`: there is none any more */
  set<Key extends keyof Kept>(key: Key, value: Kept[Key] | undefined): void;
  /** All whose keys begin so. */
  list<Prefix extends "out/" | "erase/">(prefix: Prefix): Kept[`${Prefix}${string}`][];
  /** Whether a change of this key in the storage matters to other tabs. */
  concerns(key: string | null): boolean;
}

/** Raised when what is stored changes its shape; what an older one left behind is not touched. */
const version = 1;

/** @param parts what sets this chat apart from others in the same browser */
export function openMemory(storage: KeyValueStorage | undefined, parts: readonly string[]): Memory {
  const name = `parley/${version}/${parts.map(encodeURIComponent).join("/")}/`;
  /** What the storage did not take, as JSON. */
  const own = new Map<string, string | undefined>();
  const store = (key: string, json: string | undefined): boolean => {
    try {
      if (json === undefined) storage?.removeItem(name + key);
      else storage?.setItem(name + key, json);
      return storage !== undefined;
    } catch {
      return false;
    }
  };
  const memory: Memory = {
    name,
    get<Key extends keyof Kept>(key: Key): Kept[Key] | undefined {
      try {
        const json = own.has(key) ? own.get(key) : storage?.getItem(name + key);
        if (json === undefined || json === null) return undefined;
        const value: unknown = JSON.parse(json);
        if (isKept(key, value)) return value;
      } catch {
        // Denied, or corrupt.
      }
      memory.set(key, undefined);
      return undefined;
    },
    set(key, value) {
      const json = value && JSON.stringify(value);
      // The tail may go where there is no room for something else.
      const stored = store(key, json) || (store("tail", undefined) && store(key, json));
      if (stored) own.delete(key);
      else own.set(key, json);
    },
    list(prefix) {
      const keys = new Set(own.keys());
      try {
        for (let index = 0; index < (storage?.length ?? 0); index++) {
          const key = storage?.key(index) ?? "";
          if (key.startsWith(name)) keys.add(key.slice(name.length));
        }
      } catch {
        // Denied.
      }
      const wanted = [...keys].filter((key): key is `${typeof prefix}${string}` => key.startsWith(prefix));
      return wanted.flatMap((key) => memory.get(key) ?? []);
    },
    concerns: (key) => key === null || (key.startsWith(name) && key !== `${name}draft`),
  };
  return memory;
}

/** Somebody else may have written there, or half of it been lost. */
function isKept<Key extends keyof Kept>(key: Key, value: unknown): value is Kept[Key] {
  if (key === "draft") return isText(value);
  if (typeof value !== "object" || value === null) return false;
  const { key: name, id, text, order, request, conversationId, items, token } = value as Record<string, unknown>;
  if (key.startsWith("out/")) {
    const { message } = (request ?? { message: text }) as { message?: unknown };
    return isText(name) && isText(id) && isText(text) && Number.isFinite(order) && message === text;
  }
  if (key === "tail") return isText(conversationId) && Array.isArray(items) && items.every(isItem);
  // What cannot stand in a header would look like a network that fails.
  return isText(conversationId) && (token === undefined || (typeof token === "string" && /^[\w.~+/=-]+$/.test(token)));
}

const stands = ["sent", "queued", "writing", "complete", "stopped", "failed"];

function isItem(item: unknown): boolean {
  const { key, text, delivery, phase } = (item ?? {}) as Record<string, unknown>;
  return isText(key) && isText(text) && stands.includes(String(delivery ?? phase));
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
