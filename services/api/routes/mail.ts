import { type Request, type Response, Router } from "express";
import { readFile } from "node:fs/promises";
import { readConversation } from "../../../shared/db/conversations/conversations.ts";
import { stopMails } from "../../../shared/db/mail/mail-addresses.ts";
import { Problem } from "../../../shared/errors.ts";
import { type OpenedByMail, openByMailRequest } from "../../../shared/protocol/people/mail.ts";
import { type AccessContext, readOwnerHere } from "../access/access.ts";
import { type SharedFile, sendSharedFile, shareFile } from "../files/shared-file.ts";
import { MailLinks } from "../mail/mail-links.ts";
import { mailPageLanguage, mailPageLanguages, openPage, stopPage } from "../mail/mail-pages.ts";
import { countRequest } from "../middleware/count-requests.ts";
import { readJson } from "../middleware/json-body.ts";
import { parseBody } from "../middleware/parse-input.ts";

const files = [
  { name: "open.js", type: "text/javascript", folder: "../../widget/mail/" },
  { name: "mail.css", type: "text/css", folder: "../mail/" },
];

const ended = () => new Problem("link-ended", "The link is over, or its conversation is.");

/** `/mail` and `/api/mail`: where the links in mails lead. No request that a mail's reader makes by itself changes anything. */
export function mailRoutes(context: AccessContext): Router {
  const { db, limits, siteId, tokens } = context;
  const links = new MailLinks(db.pool);
  const router = Router();

  router.get("/mail/open", (req: Request, res: Response) => sendPage(res, openPage(languageOf(req))));

  router.post("/api/mail/open", async (req: Request, res: Response) => {
    await countRequest(limits.reads, req);
    const { token } = parseBody(openByMailRequest, (await readJson(req)) ?? {});
    const opened = await links.opens(token);
    if (opened === undefined)
      throw new Problem("forbidden", "This is no link of ours. Open it from the mail once more.");
    if (opened === "ended") throw ended();
    const { conversationId } = opened;
    const owner = await readOwnerHere(context, conversationId);
    const conversation = owner && !owner.deleted ? await readConversation(db.pool, conversationId) : undefined;
    if (!conversation) throw ended();
    const { assistantType } = conversation;
    res.json({ conversationId, assistantType, token: await tokens.sign(conversationId) } satisfies OpenedByMail);
  });

  router.get("/mail/stop", (req: Request, res: Response) => sendPage(res, stopPage(languageOf(req), "asks")));

  // The services that read mail send it, too, for a button of their own (RFC 8058): of no origin, and with a form's body.
  router.post("/mail/stop", async (req: Request, res: Response) => {
    await countRequest(limits.reads, req);
    const { t: token } = req.query;
    const addressHash = typeof token === "string" ? await links.stops(token) : undefined;
    if (addressHash) await stopMails(db.pool, siteId, addressHash);
    else res.status(403);
    sendPage(res, stopPage(languageOf(req), addressHash ? "stopped" : "broken"));
  });

  for (const file of files) serveFile(router, file);
  return router;
}

function languageOf(req: Request): ReturnType<typeof mailPageLanguage> {
  return mailPageLanguage(req.acceptsLanguages(mailPageLanguages));
}

function sendPage(res: Response, page: string): void {
  res.type("text/html").set("Cache-Control", "no-store").vary("Accept-Language").send(page);
}

function serveFile(router: Router, { name, type, folder }: (typeof files)[number]): void {
  let file: Promise<SharedFile> | undefined;
  router.get(`/mail/${name}`, async (_req: Request, res: Response) => {
    file ??= readFile(new URL(folder + name, import.meta.url)).then(shareFile);
    await sendSharedFile(res, await file, { type, cacheControl: "no-cache" });
  });
}
