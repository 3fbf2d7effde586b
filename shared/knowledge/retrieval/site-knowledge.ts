import type { Pool } from "pg";
import {
  firstPassage,
  type PassageCursor,
  readPassageRemovals,
  readPassagesAfter,
} from "../../db/knowledge/passages.ts";
import { analysisVersion } from "../analysis/passage-terms.ts";
import { removalsKeptMs } from "../../tunables.ts";
import { inSlices } from "../ranking/in-slices.ts";
import { type IndexedPassage, SiteIndex } from "../ranking/site-index.ts";
import { readAhead } from "./read-ahead.ts";

/** Passages read from the database at once. They may arrive in one turn of the event loop, which 2,000 kept busy for 9 ms. */
const passagesAtOnce = 500;
/** Removed passages leave gaps. An index with more than these is loaded anew. */
const maxRemovedShare = 0.5;

/** The index of one site in memory, as far as it has followed the rows. */
export class SiteKnowledge {
  readonly #pool: Pool;
  readonly #siteId: string;
  #index = new SiteIndex();
  #cursor: PassageCursor = firstPassage;
  /** Revision of which all changes are in the index. */
  #revision = "0";
  #following: Promise<void> | undefined;
  /** Ends when the lists of the index have been built anew after many changes. Searches need not wait for it. */
  #tidied: Promise<void> = Promise.resolve();
  #followedAt = 0;

  constructor(pool: Pool, siteId: string) {
    this.#pool = pool;
    this.#siteId = siteId;
  }

  /** Resolves with an index that has all changes up to a revision. */
  async at(revision: string): Promise<SiteIndex> {
    // Another caller may follow to an older revision.
    while (BigInt(this.#revision) < BigInt(revision)) {
      this.#following ??= this.#follow(revision).finally(() => {
        this.#following = undefined;
      });
      await this.#following;
    }
    return this.#index;
  }

  /**
   * Takes removals first: a passage that comes and goes between the two reads is in neither of them. A revision is
   * visible only after all before it, as its statement locks the site's row.
   */
  async #follow(revision: string): Promise<void> {
    // No passage may be added meanwhile.
    await this.#tidied;
    const followedAt = performance.now();
    if (this.#revision === "0" || this.#isStale(followedAt)) {
      [this.#index, this.#cursor] = [new SiteIndex(), firstPassage];
      await this.#index.load(this.#pages());
    } else {
      for (const { passageIds } of await readPassageRemovals(this.#pool, this.#siteId, this.#revision))
        for (const id of passageIds) this.#index.remove(Number(id));
      for await (const page of this.#pages()) await inSlices(page, (passage) => this.#index.add(passage));
      this.#tidied = this.#index.tidy();
    }
    [this.#revision, this.#followedAt] = [revision, followedAt];
  }

  #isStale(now: number): boolean {
    return this.#index.removedShare > maxRemovedShare || now - this.#followedAt > removalsKeptMs / 2;
  }

  async *#pages(): AsyncGenerator<IndexedPassage[]> {
    const read = (after: PassageCursor) =>
      readPassagesAfter(this.#pool, this.#siteId, { after, analysis: analysisVersion, limit: passagesAtOnce });
    for await (const rows of readAhead(this.#cursor, passagesAtOnce, read)) {
      yield rows.map(({ id, sourceId, terms }) => ({ id: Number(id), source: sourceId, terms }));
      const last = rows.at(-1);
      if (last) this.#cursor = { id: last.id, revision: last.revision };
    }
  }
}
