import { type NextFunction, type Request, type Response, Router } from "express";
import type { ApiContext } from "../../api-context.ts";
import { parseConversationId } from "../../access/access.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { noteIds } from "../../middleware/request-id.ts";
import { accountRoutes } from "./accounts.ts";
import { assistantRoutes } from "./assistants.ts";
import { cannedReplyRoutes } from "./canned-replies.ts";
import { colleagueRoutes } from "./colleagues.ts";
import { conversationChangeRoutes } from "./conversation-changes.ts";
import { deskConversationRoutes } from "./conversations.ts";
import { hoursRoutes } from "./hours.ts";
import { inboxRoutes } from "./inbox.ts";
import { invitationRoutes } from "./invitations.ts";
import { deskJobRoutes } from "./jobs.ts";
import { sourceChangeRoutes } from "./knowledge/source-changes.ts";
import { knowledgeSearchRoutes } from "./knowledge/search.ts";
import { sourceRoutes } from "./knowledge/sources.ts";
import { unansweredRoutes } from "./knowledge/unanswered.ts";
import { reportRoutes } from "./reports.ts";
import { searchRoutes } from "./search.ts";
import { signInRoutes } from "./sign-in.ts";
import { suggestionRoutes } from "./suggestions.ts";
import { takeOverRoutes } from "./take-over.ts";
import { teamRoutes } from "./team.ts";
import { toolServerRoutes } from "./tool-servers.ts";

/** `/api/operator`: the operators' side of the API. Its clients are programs and the console. */
export function operatorApiRoutes(context: ApiContext): Router {
  const router = Router();
  router.use(signInRoutes(context));
  router.use(accountRoutes(context));
  router.use(context.operatorAccess.require("reader"));
  router.use(teamRoutes(context));
  router.use("/invitations", invitationRoutes(context));
  router.use(colleagueRoutes(context));
  router.use(cannedReplyRoutes(context));
  router.use(assistantRoutes(context));
  router.use(hoursRoutes(context));
  router.use(toolServerRoutes(context));
  router.use(inboxRoutes(context));
  router.use(searchRoutes(context));
  router.use(reportRoutes(context));
  router.use("/conversations/:id", auditConversation(context));
  router.use("/conversations", deskConversationRoutes(context));
  router.use("/conversations", conversationChangeRoutes(context));
  router.use("/jobs", deskJobRoutes(context));
  router.use("/sources", sourceRoutes(context));
  router.use("/sources", sourceChangeRoutes(context));
  router.use("/knowledge", knowledgeSearchRoutes(context));
  router.use("/knowledge", unansweredRoutes(context));
  router.use("/conversations", takeOverRoutes(context));
  router.use("/conversations", suggestionRoutes(context));
  return router;
}

/** These change nothing, and are said every few seconds. */
const saidOften = new Set(["typing", "look"]);

/** Logs each request about a conversation, before anything is read or changed. */
function auditConversation({ log }: Pick<ApiContext, "log">) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const conversationId = parseConversationId(req.params["id"]);
    noteIds(req, { conversationId });
    const [, what = "read"] = req.path.split("/");
    if (!saidOften.has(what)) audit(log, req, { actor: actorOf(res), what: what || "read", conversationId });
    next();
  };
}
