import { type Request, type Response, Router } from "express";
import { readSourceDocuments } from "../../../../../shared/db/knowledge/source-documents.ts";
import { countSources, listSources, readSource } from "../../../../../shared/db/knowledge/sources.ts";
import { Problem } from "../../../../../shared/errors.ts";
import {
  type SourceDetailView,
  sourceListQuery,
  type SourceListView,
  sourceQuery,
} from "../../../../../shared/protocol/knowledge.ts";
import type { ApiContext } from "../../../api-context.ts";
import { parseSourceId } from "../../../access/access.ts";
import { parsePlace } from "../../../desk/list-place.ts";
import { parseQuery } from "../../../middleware/parse-input.ts";
import { toDocumentView, toSourceView } from "./source-view.ts";

/** Routes to see sources of knowledge, and what was taken from them. */
export function sourceRoutes({ db, siteId }: Pick<ApiContext, "db" | "siteId">): Router {
  const router = Router();

  router.get("/", async (req: Request, res: Response) => {
    const { limit, before } = parseQuery(sourceListQuery, req.query);
    const after = before === undefined ? undefined : parsePlace(before);
    const [rows, counts] = await Promise.all([
      listSources(db.pool, { siteId, limit: limit + 1, after }),
      countSources(db.pool, siteId),
    ]);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const list: SourceListView = {
      sources: shown.map(toSourceView),
      counts,
      ...(rows.length > limit && last && { nextBefore: last.place }),
    };
    res.json(list);
  });

  router.get("/:id", async (req: Request, res: Response) => {
    const at = { siteId, sourceId: parseSourceId(req.params["id"]) };
    const { limit, ...page } = parseQuery(sourceQuery, req.query);
    const [source, rows] = await Promise.all([
      readSource(db.pool, at),
      readSourceDocuments(db.pool, { ...at, ...page, limit: limit + 1 }),
    ]);
    if (!source) throw noSource();
    if (page.text !== undefined && rows.length === 0)
      throw new Problem("not-found", "This source has no such document. It may be gone.");
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const detail: SourceDetailView = {
      ...toSourceView(source),
      documents: shown.map(toDocumentView),
      ...(rows.length > limit && last && { nextAfter: last.id }),
    };
    res.json(detail);
  });

  return router;
}

export function noSource(): Problem {
  return new Problem("not-found", "There is no such source. It may have been deleted.");
}
