import { type Request, type Response, Router } from "express";
import {
  knowledgeSearchQuery,
  type KnowledgeSearchView,
  type PassageView,
} from "../../../../../shared/protocol/knowledge.ts";
import type { FoundPassage } from "../../../../../shared/knowledge/retrieval/knowledge-search.ts";
import type { ApiContext } from "../../../api-context.ts";
import { actorOf } from "../../../access/operator-access.ts";
import { audit } from "../../../desk/audit.ts";
import { parseQuery } from "../../../middleware/parse-input.ts";

/** Route to try what an answer to a question would be made from. */
export function knowledgeSearchRoutes({
  knowledge,
  siteId,
  log,
}: Pick<ApiContext, "knowledge" | "siteId" | "log">): Router {
  const router = Router();

  router.get("/search", async (req: Request, res: Response) => {
    const { q: question, ...options } = parseQuery(knowledgeSearchQuery, req.query);
    audit(log, req, { actor: actorOf(res), what: "search knowledge" });
    const search = await knowledge();
    const began = performance.now();
    const { passages } = await search.find({ siteId, question, ...options });
    const tookMs = Math.round((performance.now() - began) * 10) / 10;
    res.json({ passages: passages.map(toPassageView), tookMs } satisfies KnowledgeSearchView);
  });

  return router;
}

function toPassageView({
  id,
  documentId,
  sourceId,
  title,
  url,
  heading,
  text,
  language,
  rank,
  why,
  similarity,
}: FoundPassage): PassageView {
  return {
    id,
    documentId,
    sourceId,
    title: title ?? "",
    ...(url !== "" && { url }),
    heading,
    text,
    ...(language !== null && { language }),
    rank,
    why: why.map(({ term, words }) => ({ term, words })),
    ...(similarity !== undefined && { similar: Math.round(similarity * 1000) / 1000 }),
  };
}
