import type { Request } from "express";
import type { Logger } from "../../../shared/logger.ts";
import type { Actor } from "../access/operator-access.ts";
import { idsOf } from "../middleware/request-id.ts";

interface Audited {
  actor: Actor;
  /** Word for the read or the change: `read`, `take`. */
  what: string;
  conversationId?: string;
  /** Conversations of which a part is shown. */
  conversationIds?: string[];
  /** Sources of knowledge that are read or changed. */
  sourceIds?: string[];
  assistantType?: string;
  /** A tool of an MCP server, its server, and the pin that is allowed. */
  tool?: string;
  server?: string;
  hash?: string;
}

/** Logs what an operator reads or changes. It begins before the outcome, which the request's own line has. */
export function audit(log: Logger, req: Request, { actor, what, ...about }: Audited): void {
  const { operatorId, name } = actor;
  log.info({ ...idsOf(req), audit: what, operatorId, operator: name, ...about, ip: req.ip }, "audit");
}
