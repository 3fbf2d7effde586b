import { databaseConnectMs, databaseQueryMs } from "../tunables.ts";

/**
 * Newest pages of conversations, as they are sent. PostgreSQL owns the truth: a page is found only under the version of
 * its conversation that the caller has just read there. So no write has to invalidate anything, and a page that a
 * failover or a restore brings back is never served. One entry for each conversation, which expires.
 */
export interface HistoryCache {
  /**
   * Finds the page of exactly this version. Without one, the caller reads PostgreSQL, and stores the page under the
   * reservation it gets here. A Redis that hangs answers only after its connection is cut: set a time limit.
   */
  find(conversationId: string, version: string): Promise<Found>;
  /**
   * Stores a page that was read after its reservation was made. Does nothing if the reservation is gone: erasing removes
   * it, so that a writer that was held up never brings back the text of a deleted conversation.
   */
  store(conversationId: string, reservation: Reservation, page: StoredPage): Promise<void>;
  /** Removes the page of a conversation, and the reservation of a writer in progress. */
  erase(conversationId: string): Promise<void>;
  close(): Promise<void>;
}

/** `page`: the bytes that were stored. `reservation`: absent while another reader of the same version has one. */
export type Found = { page: Buffer } | { page?: undefined; reservation?: Reservation };

export interface Reservation {
  version: string;
  /** Tells this reservation from every other one. */
  nonce: string;
}

export interface StoredPage {
  page: Buffer;
  ttlSeconds: number;
}

/** Timeout of storing and erasing. A slower Redis counts as down. */
export const historyTimeoutMs = 250;
/**
 * Lifetime of a reservation: longer than a page may take PostgreSQL. A reader that died keeps others from storing this
 * page for no longer.
 */
export const reservationMs = databaseConnectMs + databaseQueryMs + 500;
/**
 * Share of Redis' `maxmemory` above which no page is stored, so that the cache never takes the room that the queue and
 * the drafts need: a full Redis refuses those too.
 */
export const maxMemoryShare = 0.75;
