import { type Request, type Response, Router } from "express";
import { countInbox, type InboxRow, readInbox } from "../../../../shared/db/desk/inbox.ts";
import { type Inbox, type InboxEntry, inboxQuery } from "../../../../shared/protocol/operator.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { toEntry } from "../../desk/conversation-view.ts";
import { parsePlace } from "../../desk/list-place.ts";
import { lastEventIdOf, passes } from "../../follow/stream-request.ts";
import { untilClosed } from "../../middleware/client.ts";
import { parseQuery } from "../../middleware/parse-input.ts";
import { idsOf } from "../../middleware/request-id.ts";

/** Routes to list all conversations of the site, and to follow them. */
export function inboxRoutes(context: ApiContext): Router {
  const router = Router();
  const { db, inboxFeed, log, operatorStreams, siteId, streams } = context;

  router.get("/inbox", async (req: Request, res: Response) => {
    const { view, limit, before } = parseQuery(inboxQuery, req.query);
    const after = before === undefined ? undefined : parsePlace(before);
    const actor = actorOf(res);
    // Read before the list: what comes meanwhile is in both, and nothing is missed.
    const cursor = await inboxFeed.cursor();
    const { operatorId } = actor;
    const [rows, counts] = await Promise.all([
      readInbox(db.pool, { siteId, view, operatorId, limit: limit + 1, after }),
      countInbox(db.pool, siteId, operatorId),
    ]);
    const shown = rows.slice(0, limit);
    audit(log, req, { actor, what: "list", conversationIds: shown.map(({ id }) => id) });
    const last = shown.at(-1);
    const list: Inbox = {
      conversations: shown.map(toInboxEntry),
      cursor,
      ...(rows.length > limit && last && { nextBefore: last.place }),
      counts,
    };
    res.json(list);
  });

  router.get("/inbox/events", (req: Request, res: Response) => {
    if (req.method === "HEAD") {
      res.type("text/event-stream").end();
      return;
    }
    const actor = actorOf(res);
    const signal = untilClosed(res);
    if (!operatorStreams.take(actor.operatorId, signal)) {
      streams.sendBack(res);
      return;
    }
    audit(log, req, { actor, what: "follow inbox" });
    const { after: asked } = req.query;
    // A list is no cursor, and is answered like any other that cannot be honoured.
    const after = lastEventIdOf(req) ?? (asked === undefined || typeof asked === "string" ? asked : "");
    void streams.pump(res, inboxFeed.follow(after, signal), (error) => {
      const level = passes(error) ? "debug" : "warn";
      log[level]({ ...idsOf(req), err: error }, "event stream closed for reconnection");
    });
  });

  return router;
}

/** A conversation as lists show it. */
export function toInboxEntry(row: InboxRow): InboxEntry {
  const { last, unread, unseen } = row;
  return {
    ...toEntry(row),
    ...(last && { lastMessage: { id: last.id, sender: last.sender, text: last.text, timestamp: last.at } }),
    unseen,
    ...(unread !== null && { unread }),
  };
}
