import { createHash } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { v5, v7 } from "uuid";
import { addSources, deleteSource, type NewSource, refreshSource } from "../../../../../shared/db/knowledge/sources.ts";
import {
  type AddedSource,
  maxBatchSources,
  sourceBatchRequest,
  sourceRequest,
} from "../../../../../shared/protocol/knowledge.ts";
import type { ApiContext } from "../../../api-context.ts";
import { parseSourceId } from "../../../access/access.ts";
import { actorOf } from "../../../access/operator-access.ts";
import { audit } from "../../../desk/audit.ts";
import { parseKey } from "../../../middleware/idempotency-header.ts";
import { readLargeJson } from "../../../middleware/json-body.ts";
import { parseBody } from "../../../middleware/parse-input.ts";
import { readFileSource, toNewSource } from "./new-source.ts";
import { noSource } from "./sources.ts";

type SourceContext = Pick<ApiContext, "assistants" | "db" | "log" | "operatorAccess" | "siteId">;

/** Limits of a body in JSON. A source has ten names at most, and one list. */
const bodyLimits = { bytes: 8 * 2 ** 20, parts: 16 * maxBatchSources };

/** Namespace of the ids of sources that are added under a key. */
const keyedIds = "8f4a4b52-6c0e-4f43-9a52-2f1d0a2b7c11";

/** Routes to add sources of knowledge, to have them looked at again, and to delete them. */
export function sourceChangeRoutes(context: SourceContext): Router {
  const router = Router();
  const { db, siteId, operatorAccess } = context;
  const mayChange = operatorAccess.require("operator");

  router.post("/", mayChange, async (req: Request, res: Response) => {
    const given =
      req.query["kind"] === "file"
        ? await readFileSource(req, context.assistants)
        : toNewSource(parseBody(sourceRequest, await readLargeJson(req, bodyLimits)), context.assistants);
    const [added] = await add(context, req, res, [given]);
    res.status(201).json(added);
  });

  router.post("/batch", mayChange, async (req: Request, res: Response) => {
    const { sources } = parseBody(sourceBatchRequest, await readLargeJson(req, bodyLimits));
    const given = sources.map((source, no) => toNewSource(source, context.assistants, `sources.${no}`));
    res.status(201).json({ sources: await add(context, req, res, given) });
  });

  router.delete("/:id", mayChange, async (req: Request, res: Response) => {
    const sourceId = auditSource(context, req, res, "delete source");
    if (!(await deleteSource(db.pool, { siteId, sourceId }))) throw noSource();
    res.status(204).end();
  });

  router.post("/:id/refresh", mayChange, async (req: Request, res: Response) => {
    const sourceId = auditSource(context, req, res, "refresh source");
    const status = await refreshSource(db.pool, { siteId, sourceId });
    if (!status) throw noSource();
    res.json({ id: sourceId, status } satisfies AddedSource);
  });

  return router;
}

/** Stores sources. Sent again under a key, they have the same ids: those of the first time. */
async function add(
  { db, siteId, log }: SourceContext,
  req: Request,
  res: Response,
  given: readonly Omit<NewSource, "id">[],
): Promise<AddedSource[]> {
  const key = parseKey(req);
  const actor = actorOf(res);
  const scope = [siteId, actor.operatorId, key];
  const sources = given.map((source, no) => ({
    ...source,
    id: key === undefined ? v7() : v5(JSON.stringify([...scope, no, digestOf(source)]), keyedIds),
  }));
  const sourceIds = sources.map(({ id }) => id);
  audit(log, req, { actor, what: "add source", sourceIds });
  const statusOf = await addSources(db.pool, siteId, sources);
  return sourceIds.map((id) => ({ id, status: statusOf.get(id) ?? "pending" }));
}

/** Tells sources under one key apart: another one is not taken for a repeat. */
function digestOf({ content, ...fields }: Omit<NewSource, "id">): string {
  const hash = createHash("sha256").update(JSON.stringify(fields));
  return hash.update(content ?? "").digest("hex");
}

/** Logs a change of one source, before it is made. */
function auditSource({ log }: SourceContext, req: Request, res: Response, what: string): string {
  const sourceId = parseSourceId(req.params["id"]);
  audit(log, req, { actor: actorOf(res), what, sourceIds: [sourceId] });
  return sourceId;
}
