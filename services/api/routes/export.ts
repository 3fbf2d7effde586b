import { textIn } from "../../../shared/assistants/localized-text.ts";
import { pipeline } from "node:stream/promises";
import { type Request, type Response, Router } from "express";
import type { ApiContext } from "../api-context.ts";
import { exportAsJson, exportAsText, isReadAtOnce, openExport } from "../export/export-conversation.ts";
import { type AccessContext, openConversation } from "../access/access.ts";

/** `GET /api/conversations/:id/export`: everything stored of a conversation, as a file. */
export function exportRoutes(context: AccessContext & Pick<ApiContext, "assistants">): Router {
  const router = Router();
  const { pool } = context.db;
  const nameOf = (type: string) => textIn(context.assistants.get(type)?.name ?? type, "en");

  router.get("/:id/export", async (req: Request, res: Response) => {
    const { id } = await openConversation(context, req, req.params["id"]);
    const source = await openExport(pool, id);
    const asText = req.accepts(["application/json", "text/plain"]) === "text/plain";
    res.vary("Accept").attachment(`conversation-${id}.${asText ? "txt" : "json"}`);
    if (req.method === "HEAD") {
      res.end();
      return;
    }
    const parts = asText ? exportAsText(pool, source, nameOf) : exportAsJson(pool, source);
    // Send a short export only when it is complete: a delete meanwhile then yields a 404, not a truncated answer.
    if (isReadAtOnce(source)) res.end((await Array.fromAsync(parts)).join(""));
    else await pipeline(parts, res).catch(unlessLeft);
  });

  return router;
}

/** Ignores a client that disconnects in the middle: that is no fault. */
function unlessLeft(error: unknown): void {
  const left = error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
  if (!left) throw error;
}
