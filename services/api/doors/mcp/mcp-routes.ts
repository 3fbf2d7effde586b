import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../../shared/errors.ts";
import { actorOf, type OperatorAccess } from "../../access/operator-access.ts";
import type { ApiContext } from "../../api-context.ts";
import { untilClosed } from "../../middleware/client.ts";
import { countFaultsAs, refuseUsedUp } from "../../middleware/count-faults.ts";
import { countRequest } from "../../middleware/count-requests.ts";
import { readLargeJson } from "../../middleware/json-body.ts";
import { refuseBesideOlder } from "../refuse-beside-older.ts";

const bodyLimits = { bytes: 256 * 1024, parts: 5000, says: "A request body is limited to 256 KB." };

/**
 * `/mcp`: a door for AI assistants, MCP's Streamable HTTP. It keeps no session: each request is answered by itself, by
 * whichever process it reaches.
 */
export function mcpRoutes(context: ApiContext): Router {
  const router = Router();
  const { reads } = context.limits;
  const refuseOlder = refuseBesideOlder(context);

  router.post("/", countFaultsAs(reads), admitKey(context.operatorAccess), async (req: Request, res: Response) => {
    const beforeParsing = () => refuseUsedUp(reads, req);
    const body = await readLargeJson(req, { ...bodyLimits, beforeParsing });
    // A request is counted once, so it holds one call.
    if (Array.isArray(body))
      throw new Problem("invalid-request", "Send each JSON-RPC message by itself, not in a batch.");
    const actor = hasKey(req) ? actorOf(res) : undefined;
    if (!actor) await countRequest(reads, req);
    const { answerMcp } = await import("./mcp-server.ts");
    const message = { request: toWebRequest(req, untilClosed(res)), body };
    await send(res, await answerMcp(context, message, { req, res, actor, refuseOlder }));
  });

  router.use((req: Request, res: Response) => {
    res.set("Allow", "POST");
    throw new Problem("method-not-allowed", `There are no sessions here, and nothing to ${req.method}: send a POST.`);
  });
  return router;
}

/**
 * Admits who sends no key, too.
 * @throws {Problem} 401 for other credentials: a program has a key of its own, with a role and an end
 */
function admitKey(access: Pick<OperatorAccess, "requireOwner">) {
  const admit = Router();
  admit.use(...access.requireOwner());
  return (req: Request, res: Response, next: NextFunction): void => {
    if (!hasKey(req)) return next();
    if (!/^Bearer +psk_/i.test(req.get("Authorization") ?? "")) {
      throw new Problem("admin-unauthorized", "Send an operator's key here: Authorization: Bearer psk_….");
    }
    // A session would count before the key.
    delete req.headers.cookie;
    admit(req, res, next);
  };
}

function hasKey(req: Request): boolean {
  return req.get("Authorization") !== undefined;
}

/** The request without its body, which was read. */
function toWebRequest(req: Request, signal: AbortSignal): globalThis.Request {
  const headers = Object.entries(req.headers).filter(
    (header): header is [string, string] => typeof header[1] === "string",
  );
  return new globalThis.Request("http://localhost/mcp", { method: "POST", headers, signal });
}

async function send(res: Response, { status, headers, body }: globalThis.Response): Promise<void> {
  res.status(status).set(Object.fromEntries(headers)).set("Cache-Control", "no-store");
  // A client that goes away needs no answer; what it asked goes on.
  for await (const piece of body ?? []) res.write(piece);
  res.end();
}
