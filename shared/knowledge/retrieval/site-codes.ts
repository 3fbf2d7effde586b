import type { Pool } from "pg";
import { firstPassage, type PassageCursor, readPassageRemovals } from "../../db/knowledge/passages.ts";
import { readCodesAfter } from "../../db/knowledge/similar-passages.ts";
import { removalsKeptMs } from "../../tunables.ts";
import { inSlices } from "../ranking/in-slices.ts";
import { CodeTable, type PassageCode } from "./code-table.ts";
import { readAhead } from "./read-ahead.ts";

/** Codes read from the database at once. */
const codesAtOnce = 2000;
/** Removed passages leave gaps. A table with more than these is loaded anew. */
const maxRemovedShare = 0.5;

/** How far a table is to follow. */
interface Wanted {
  /** Newest revision of the site: no passage that it has removed is found. */
  revision: string;
  /** Revision up to which all passages have vectors. */
  embedded: string;
}

/** The codes of one site and model in memory, as far as they have followed the rows. */
export class SiteCodes {
  readonly #pool: Pool;
  readonly #siteId: string;
  readonly #maxBytes: number;
  readonly modelId: number;
  #table: CodeTable | undefined = new CodeTable();
  #cursor: PassageCursor = firstPassage;
  #followed: Wanted = { revision: "0", embedded: "0" };
  #following: Promise<void> | undefined;
  #followedAt = 0;

  constructor(pool: Pool, { siteId, modelId, maxBytes }: { siteId: string; modelId: number; maxBytes: number }) {
    this.#pool = pool;
    this.#siteId = siteId;
    this.modelId = modelId;
    this.#maxBytes = maxBytes;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#table?.bytes ?? 0;
  }

  /** Resolves with a table that has followed that far; `undefined` if it would hold more than `maxBytes`. */
  async at(wanted: Wanted): Promise<CodeTable | undefined> {
    // Another caller may follow to older revisions.
    while (isBefore(this.#followed, wanted)) {
      this.#following ??= this.#follow(later(this.#followed, wanted)).finally(() => {
        this.#following = undefined;
      });
      await this.#following;
    }
    return this.#table;
  }

  /** Takes removals first: a passage that comes and goes between the two reads is in neither of them. */
  async #follow(wanted: Wanted): Promise<void> {
    const followedAt = performance.now();
    if (this.#followed.embedded === "0" || this.#isStale(followedAt)) {
      [this.#table, this.#cursor] = [new CodeTable(), firstPassage];
    } else if (this.#table && this.#followed.revision !== wanted.revision) {
      const removals = await readPassageRemovals(this.#pool, this.#siteId, this.#followed.revision);
      await this.#table.remove(new Set(removals.flatMap(({ passageIds }) => passageIds.map(Number))));
    }
    if (this.#table) await this.#add(wanted.embedded, this.#table);
    [this.#followed, this.#followedAt] = [wanted, followedAt];
  }

  async #add(until: string, table: CodeTable): Promise<void> {
    for await (const page of this.#pages(until)) {
      await inSlices(page, (code) => table.add(code));
      if (table.bytes <= this.#maxBytes) continue;
      this.#table = undefined;
      return;
    }
  }

  #isStale(now: number): boolean {
    return (this.#table?.removedShare ?? 0) > maxRemovedShare || now - this.#followedAt > removalsKeptMs / 2;
  }

  async *#pages(until: string): AsyncGenerator<PassageCode[]> {
    const of = { siteId: this.#siteId, modelId: this.modelId };
    const read = (after: PassageCursor) => readCodesAfter(this.#pool, of, { after, until, limit: codesAtOnce });
    for await (const rows of readAhead(this.#cursor, codesAtOnce, read)) {
      yield rows.map(({ id, sourceId, code }) => ({ id: Number(id), source: sourceId, code }));
      const last = rows.at(-1);
      if (last) this.#cursor = { id: last.id, revision: last.revision };
    }
  }
}

function isBefore(followed: Wanted, wanted: Wanted): boolean {
  return isLess(followed.revision, wanted.revision) || isLess(followed.embedded, wanted.embedded);
}

/** The two numbers are read one after the other: of two callers, neither may be ahead in both. */
function later(one: Wanted, other: Wanted): Wanted {
  return {
    revision: isLess(one.revision, other.revision) ? other.revision : one.revision,
    embedded: isLess(one.embedded, other.embedded) ? other.embedded : one.embedded,
  };
}

function isLess(one: string, other: string): boolean {
  return BigInt(one) < BigInt(other);
}
