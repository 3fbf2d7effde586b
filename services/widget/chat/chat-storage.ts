import type { ActionCard } from "../../../shared/protocol/actions/action-card.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { ConversationAccess } from "../../../packages/client/source/client.ts";
import type { StoredHandling } from "./chat-state.ts";
import type { ChatItem } from "./items.ts";
import type { KeyValueStorage } from "./environment.ts";
import { MirroredStorage } from "./mirrored-storage.ts";

/** A message without a known acceptance by the service. */
export interface OutboxEntry {
  /** Key of the message in lists, for its whole life. */
  readonly key: string;
  /** Idempotency key: made before the first try and kept for retries. */
  readonly id: string;
  readonly text: string;
  /** Position in the outbox. Timestamps cannot give it, as clocks may jump. */
  readonly order: number;
  /** Unix milliseconds, by the client's clock. */
  readonly timestamp: number;
  /** Message that this one replaces, in its own conversation only. */
  readonly replaces?: { readonly messageId: string; readonly conversationId: string } | undefined;
  /** Set before the first try and identical at each retry: an idempotency key names one request. */
  readonly request?: SubmitRequest | undefined;
  /** Reason for not sending it any more. */
  readonly refusal?: string | undefined;
  readonly problem?: string | undefined;
  /** True if a deleted conversation already forced a second key. */
  readonly renewed?: boolean | undefined;
  /** Deleted by the visitor, but possibly accepted before. The conversation it created must be erased. */
  readonly withdrawn?: boolean | undefined;
}

/** Stored values, by key. */
interface StoredValues {
  conversation: ConversationAccess;
  /** Newest part of the conversation, shown before the service has answered. */
  tail: {
    readonly conversationId: string;
    readonly items: readonly ChatItem[];
    /** A page of an earlier version stores none. */
    readonly handling?: StoredHandling | undefined;
    /** Likewise. */
    readonly actions?: readonly ActionCard[] | undefined;
  };
  draft: string;
  [out: `out/${string}`]: OutboxEntry;
  /** Conversations whose erasure the service has not yet confirmed. */
  [erase: `erase/${string}`]: ConversationAccess;
}

/** Storage that outlives the page. Where storage is denied or full, values last as long as the page. */
export interface ChatStorage {
  /** Unique name of this chat; also names its lock and its channel. */
  readonly name: string;
  get<Key extends keyof StoredValues>(key: Key): StoredValues[Key] | undefined;
  /** @param value `undefined` removes the key */
  set<Key extends keyof StoredValues>(key: Key, value: StoredValues[Key] | undefined): void;
  /** Returns all values whose keys have this prefix. */
  list<Prefix extends "out/" | "erase/">(prefix: Prefix): StoredValues[`${Prefix}${string}`][];
  /** True if a storage change of this key matters to other tabs. */
  isShared(key: string | null): boolean;
}

/** Version of the stored shape. Values of older versions are left untouched. */
const version = 1;

/** @param parts values that distinguish this chat from others in the same browser */
export function openChatStorage(storage: KeyValueStorage | null | undefined, parts: readonly string[]): ChatStorage {
  const name = `parley/${version}/${parts.map(encodeURIComponent).join("/")}/`;
  const kept = new MirroredStorage(storage, name);
  const chatStorage: ChatStorage = {
    name,
    get<Key extends keyof StoredValues>(key: Key): StoredValues[Key] | undefined {
      const json = kept.read(key);
      if (json === undefined) return undefined;
      try {
        const value: unknown = JSON.parse(json);
        if (isStoredValue(key, value)) return value;
      } catch {
        // Corrupt.
      }
      chatStorage.set(key, undefined);
      return undefined;
    },
    set(key, value) {
      const json = value && JSON.stringify(value);
      // The tail is expendable: delete it to make space for another value.
      if (!kept.write(key, json) && kept.write("tail", undefined)) kept.write(key, json);
    },
    list(prefix) {
      const wanted = kept.keys().filter((key): key is `${typeof prefix}${string}` => key.startsWith(prefix));
      return wanted.flatMap((key) => chatStorage.get(key) ?? []);
    },
    isShared: (key) => key === null || (key.startsWith(name) && key !== `${name}draft`),
  };
  return chatStorage;
}

/** Validates a stored value: other code may have written there, or half of it been lost. */
function isStoredValue<Key extends keyof StoredValues>(key: Key, value: unknown): value is StoredValues[Key] {
  if (key === "draft") return isText(value);
  if (typeof value !== "object" || value === null) return false;
  const { key: name, id, text, order, request, conversationId, items, token } = value as Record<string, unknown>;
  if (key.startsWith("out/")) {
    const { message } = (request ?? { message: text }) as { message?: unknown };
    return isText(name) && isText(id) && isText(text) && Number.isFinite(order) && message === text;
  }
  if (key === "tail") return isText(conversationId) && Array.isArray(items) && items.every(isItem);
  // Characters that are invalid in a header would look like a failing network.
  return isText(conversationId) && (token === undefined || (typeof token === "string" && /^[\w.~+/=-]+$/.test(token)));
}

const messageStates = ["sent", "queued", "writing", "complete", "stopped", "failed"];

function isItem(item: unknown): boolean {
  const { key, text, delivery, phase, sources = [] } = (item ?? {}) as Record<string, unknown>;
  if (!Array.isArray(sources) || !sources.every(isSource)) return false;
  return isText(key) && isText(text) && messageStates.includes(String(delivery ?? phase));
}

function isSource(source: unknown): boolean {
  const { n, end, title, url, quote } = (source ?? {}) as Record<string, unknown>;
  return Number.isInteger(n) && Number.isInteger(end) && [title, url, quote].every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
