import { readMessages } from "../../../shared/db/conversations/conversations.ts";
import type { Database } from "../../../shared/db/database.ts";
import type { HistoryCache, Reservation } from "../../../shared/history-cache/history-cache.ts";
import type { Logger } from "../../../shared/logger.ts";
import { defaultHistoryPage } from "../../../shared/protocol/conversation.ts";
import { CacheGuard, type CacheRead } from "./cache-guard.ts";
import { toMessageView } from "./message-view.ts";

/** The newest page of a conversation, ready to be sent. */
export interface NewestPage {
  /** JSON array of `MessageView`. */
  messages: Buffer;
  /** Oldest message of the page, if there are older ones. */
  nextBefore: string | undefined;
}

/** A conversation as its row was just read. */
interface Versioned {
  id: string;
  /** See `ConversationOwner`. */
  pageVersion: string;
}

interface Sources {
  db: Pick<Database, "pool">;
  cache: HistoryCache;
  /** 0 turns the cache off. */
  ttlSeconds: number;
  onRead: (result: CacheRead) => void;
  log: Logger;
}

/** Largest page that is cached, in bytes. With the default limits a page of 50 messages is about a tenth of it. */
const maxCachedBytes = 256 * 1024;
/** Raise this with every change of the bytes of a page: processes of two versions share one cache. */
const pageFormat = 5;

/** Reads newest pages: from the cache if it holds the present version, else from PostgreSQL. */
export class NewestPages {
  readonly #sources: Sources;
  readonly #guard: CacheGuard;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#guard = new CacheGuard(sources);
  }

  async read({ id, pageVersion }: Versioned): Promise<NewestPage> {
    if (this.#sources.ttlSeconds === 0) return (await this.#readRows(id)).page;
    const found = await this.#guard.find(id, `${pageFormat}/${pageVersion}`);
    if (found?.page) return decode(found.page);
    // Read after the reservation: if the conversation is deleted in between, either nothing is read here, or the
    // reservation is erased before the page can be stored.
    const startedAt = performance.now();
    const { page, empty } = await this.#readRows(id);
    this.#guard.databaseTook(performance.now() - startedAt);
    if (found?.reservation && !empty) this.#store(id, found.reservation, page);
    return page;
  }

  async #readRows(id: string): Promise<{ page: NewestPage; empty: boolean }> {
    const { messages = [], more = false } =
      (await readMessages(this.#sources.db, id, { limit: defaultHistoryPage })) ?? {};
    const page = {
      messages: Buffer.from(JSON.stringify(messages.map(toMessageView))),
      nextBefore: more ? messages[0]?.id : undefined,
    };
    return { page, empty: messages.length === 0 };
  }

  /** Stores a page in the background: its reader has its answer. */
  #store(id: string, reservation: Reservation, page: NewestPage): void {
    if (page.messages.length > maxCachedBytes) return;
    const { cache, ttlSeconds, log } = this.#sources;
    cache.store(id, reservation, { page: encode(page), ttlSeconds }).catch((error: unknown) => {
      log.debug({ err: error, conversationId: id }, "page not cached");
    });
  }
}

/** A cached page is the id in `nextBefore`, which may be empty, a line feed, and the messages. */
function encode({ messages, nextBefore = "" }: NewestPage): Buffer {
  return Buffer.concat([Buffer.from(`${nextBefore}\n`), messages]);
}

function decode(cached: Buffer): NewestPage {
  const end = cached.indexOf("\n");
  const nextBefore = cached.toString("latin1", 0, end);
  return { messages: cached.subarray(end + 1), nextBefore: nextBefore === "" ? undefined : nextBefore };
}
