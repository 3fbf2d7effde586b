import { type Request, type Response, Router } from "express";
import { validate as isUuid } from "uuid";
import { serverKey } from "../../../../shared/assistants/tools/mcp-declaration.ts";
import { refreshServer } from "../../../../shared/db/mcp/looks.ts";
import {
  allowTool,
  disallowTool,
  type McpToolRow,
  readMcpServers,
  readMcpTool,
  readMcpTools,
} from "../../../../shared/db/mcp/tools.ts";
import { Problem } from "../../../../shared/errors.ts";
import { allowedTool, type ServerTool } from "../../../../shared/protocol/people/tool-servers.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { readJson } from "../../middleware/json-body.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { describeServers, describeTool, namingsIn } from "../../tool-servers/describe-servers.ts";

type ToolContext = Pick<ApiContext, "assistants" | "db" | "siteId" | "operatorAccess" | "log">;

/** Routes about MCP servers and their tools, each of which is off until an admin has allowed it. */
export function toolServerRoutes(context: ToolContext): Router {
  const { db, siteId, operatorAccess, log } = context;
  const router = Router();
  const mayChange = operatorAccess.require("admin");

  router.get("/tool-servers", async (_req: Request, res: Response) => {
    const keys = [...new Set(namingsIn(context.assistants).map(({ server }) => serverKey(server)))];
    const [servers, tools] = await Promise.all([
      readMcpServers(db.pool, siteId, keys),
      readMcpTools(db.pool, siteId, keys),
    ]);
    res.json(describeServers(context.assistants, { servers, tools }));
  });

  router.post("/tool-servers/:key/refresh", mayChange, async (req: Request, res: Response) => {
    const server = String(req.params["key"]);
    audit(log, req, { actor: actorOf(res), what: "read tools", server });
    if (!(await refreshServer(db.pool, siteId, server))) throw new Problem("not-found", "There is no such server.");
    res.status(204).end();
  });

  router.post("/tools/:id/allow", mayChange, async (req: Request, res: Response) => {
    const id = idOf(req);
    const { hash } = parseBody(allowedTool, await readJson(req));
    const known = await readMcpTool(db.pool, siteId, id);
    if (!known) throw noTool();
    const { name: tool, server } = known;
    audit(log, req, { actor: actorOf(res), what: "allow tool", tool, server, hash });
    const { operatorId } = actorOf(res);
    const row = await allowTool(db.pool, { siteId, id, operatorId, hash });
    if (!row) throw new Problem("tool-differs", "Look at it again: it has changed, or it cannot be used.");
    res.json(view(context, row));
  });

  router.post("/tools/:id/disallow", mayChange, async (req: Request, res: Response) => {
    const id = idOf(req);
    const { operatorId } = actorOf(res);
    const row = await disallowTool(db.pool, { siteId, id, operatorId });
    if (!row) throw noTool();
    audit(log, req, { actor: actorOf(res), what: "disallow tool", tool: row.name, server: row.server });
    res.json(view(context, row));
  });

  return router;
}

function idOf(req: Request): string {
  const id = String(req.params["id"]);
  if (!isUuid(id)) throw noTool();
  return id;
}

function noTool(): Problem {
  return new Problem("not-found", "There is no such tool.");
}

function view({ assistants }: Pick<ApiContext, "assistants">, row: McpToolRow): ServerTool {
  const here = namingsIn(assistants).filter(
    ({ server, declared }) => serverKey(server) === row.server && declared.name === row.name,
  );
  return describeTool(row, here);
}
