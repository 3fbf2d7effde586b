import { type Request, type Response, Router } from "express";
import type { Pool } from "pg";
import { z } from "zod";
import { readInboxEntries } from "../../../../shared/db/desk/inbox.ts";
import type { FoundConversation } from "../../../../shared/db/operators/search/entries.ts";
import {
  findById,
  findByMetadata,
  findRequest,
  type Search,
  searchConversations,
} from "../../../../shared/db/operators/search/search.ts";
import { searchLimitMs, SearchTooLong } from "../../../../shared/db/operators/time-limit.ts";
import { foundLimit } from "../../../../shared/db/operators/search/search-statements.ts";
import { Problem } from "../../../../shared/errors.ts";
import {
  type FoundEntry,
  type FoundPage,
  searchQuery,
  type TroubleFilter,
} from "../../../../shared/protocol/people/search.ts";
import { actorOf } from "../../access/operator-access.ts";
import type { ApiContext } from "../../api-context.ts";
import { audit } from "../../desk/audit.ts";
import { parsePlace } from "../../desk/list-place.ts";
import { parseQuery } from "../../middleware/parse-input.ts";
import { reasonOf } from "../../operators/reasons.ts";
import { toInboxEntry } from "./inbox.ts";

/** Route to search all conversations of the site: by what was said, by ids and metadata, and for trouble. */
export function searchRoutes({ db, log, siteId }: Pick<ApiContext, "db" | "log" | "siteId">): Router {
  const router = Router();

  router.get("/search", async (req: Request, res: Response) => {
    const { q, filter, before } = parseQuery(searchQuery, req.query);
    const after = before === undefined ? undefined : parsePlace(before);
    const { found, next } = await find(db.pool, { siteId, text: q, filter, after }).catch((error: unknown) => {
      if (!(error instanceof SearchTooLong)) throw error;
      throw new Problem("unavailable", `The search was ended after ${searchLimitMs / 1000} s: ask for a longer text.`);
    });
    const ids = [...new Set(found.map(({ id }) => id))];
    const rows = await readInboxEntries(db.pool, { siteId, ids });
    const conversations = ids.flatMap((id): FoundEntry[] => {
      const row = rows.find((each) => each.id === id);
      const entry = found.find((each) => each.id === id);
      return row && entry ? [{ ...toInboxEntry(row), match: matchOf(entry, filter) }] : [];
    });
    audit(log, req, { actor: actorOf(res), what: "search", conversationIds: conversations.map(({ id }) => id) });
    res.json({ conversations, ...(next !== undefined && { nextBefore: next }) } satisfies FoundPage);
  });

  return router;
}

const uuid = z.uuid();

interface Found {
  found: FoundConversation[];
  /** Place of the last, if there may be more. */
  next?: string | undefined;
}

/**
 * Finds what has the text as its id, before everything else. Else the first page begins with the requests of that id and the
 * metadata with that text alone; messages with it follow, page by page.
 */
async function find(pool: Pool, search: Search): Promise<Found> {
  const { siteId, text, filter, after } = search;
  const isFirst = after === undefined;
  if (isFirst && uuid.safeParse(text).success) {
    const found = await findById(pool, siteId, text ?? "");
    if (found.length > 0) return { found };
  }
  const [requests, described, page] = await Promise.all([
    isFirst && text !== undefined && filter === undefined ? findRequest(pool, siteId, text) : [],
    isFirst && text !== undefined && filter === undefined ? findByMetadata(pool, { ...search, text }) : [],
    searchConversations(pool, search),
  ]);
  const next = page.length < foundLimit ? undefined : (page.at(-1)?.place ?? undefined);
  // Words of a message tell more than the page they were said on.
  const said = new Set(page.map(({ id }) => id));
  return { found: [...requests, ...described.filter(({ id }) => !said.has(id)), ...page], next };
}

function matchOf(entry: FoundConversation, filter: TroubleFilter | undefined): FoundEntry["match"] {
  const reason = reasonOf(entry, { call: filter === "failed_call" });
  return {
    ...(entry.excerpt !== null && { excerpt: entry.excerpt }),
    ...(filter !== undefined && reason !== "" && { reason }),
  };
}
