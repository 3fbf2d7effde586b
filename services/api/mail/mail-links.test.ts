import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { v4 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../../shared/config/config.ts";
import { storeTombstone } from "../../../shared/db/conversations/erasure.ts";
import {
  hashAddress,
  mailAudiences,
  readMailKey,
  signOpenToken,
  signStopToken,
} from "../../../shared/mail/mail-tokens.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { openedByMail } from "../../../shared/protocol/people/mail.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { openApiContext } from "../api.ts";
import { createApp } from "../app.ts";

let db: OpenTestDatabase;
let url: string;
let key: string;
let server: Server;
const { log, lines } = recordingLog();
const lifecycle = new Lifecycle(log);

beforeAll(async () => {
  db = await openTestDatabase();
  const config = readConfig({ DATABASE_URL: db.url, NODE_ENV: "test", LOG_LEVEL: "trace" });
  server = createApp(await openApiContext(config, { log, lifecycle })).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  key = await readMailKey(db.pool);
});
afterAll(async () => {
  server.close();
  await lifecycle.close(2000);
  await db[Symbol.asyncDispose]();
});

const click = (token: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/mail/open`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ token }),
  });

/** A token as a link has it, but for what is given. */
const sign = ({ audience = mailAudiences.open as string, subject = v4(), ends = "7 days", secret = key }) =>
  new SignJWT()
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(ends)
    .sign(Buffer.from(secret));

const readBy = (token: string, conversationId: string) =>
  fetch(`${url}/api/conversations/${conversationId}`, { headers: { authorization: `Bearer ${token}` } });

describe("the link to a conversation", () => {
  it("gives a reader of mails nothing, and a click the conversation's token, in any browser", async () => {
    const { conversationId } = await startConversation(db.pool);
    const token = await signOpenToken(key, conversationId);
    const page = await fetch(`${url}/mail/open?t=${token}`, { headers: { "accept-language": "de" } });
    const markup = await page.text();
    expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self'/);
    expect(page.headers.get("set-cookie")).toBeNull();
    expect(markup).toContain('lang="de"');
    for (const secret of [token, conversationId, "Bearer"]) expect(markup).not.toContain(secret);
    expect(markup).toBe(await (await fetch(`${url}/mail/open`, { headers: { "accept-language": "de" } })).text());
    // The link's own token is none of a conversation.
    expect((await readBy(token, conversationId)).status).toBe(401);

    for (let browser = 1; browser <= 2; browser += 1) {
      const answer = await click(token);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const opened = openedByMail.parse(await answer.json());
      expect(opened).toMatchObject({ conversationId, assistantType: "default" });
      expect((await readBy(opened.token, conversationId)).status).toBe(200);
      const other = await startConversation(db.pool);
      expect((await readBy(opened.token, other.conversationId)).status).toBe(403);
    }
    expect(JSON.stringify(lines)).not.toContain(token);
  });

  it("is over after its time, and with its conversation", async () => {
    const { conversationId } = await startConversation(db.pool);
    expect((await click(await sign({ subject: conversationId, ends: "-1 s" }))).status).toBe(410);
    const token = await signOpenToken(key, conversationId);
    await storeTombstone(db.pool, conversationId);
    expect((await click(token)).status).toBe(410);
    expect((await click(await signOpenToken(key, v4()))).status).toBe(410);
  });

  it("is refused with a token of another key or purpose, without an end, or of a page of another origin", async () => {
    const { conversationId: subject } = await startConversation(db.pool);
    const bad = [
      await sign({ subject, secret: "another key that is long enough for it" }),
      await sign({ subject, audience: "parley:conversation" }),
      await sign({ subject, audience: mailAudiences.stop }),
      await sign({ subject: "no id" }),
      await signStopToken(key, hashAddress(key, "visitor@example.com")),
      await new SignJWT()
        .setProtectedHeader({ alg: "HS256" })
        .setAudience(mailAudiences.open)
        .setSubject(subject)
        .sign(Buffer.from(key)),
      "x",
    ];
    for (const token of bad) expect((await click(token)).status, token).toBe(403);
    for (const token of ["", 7, "x".repeat(2001)]) expect((await click(token)).status).toBe(400);
    const good = await signOpenToken(key, subject);
    expect((await click(good, { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await click(good, { "content-type": "text/plain" })).status).toBe(415);
    expect((await fetch(`${url}/api/mail/open?t=${good}`)).status).toBe(404);
    expect((await click(good)).status).toBe(200);
  });
});

describe("the link that stops mails", () => {
  const stopped = async () =>
    (
      await db.pool.query<{ hash: Buffer }>(
        "select address_hash as hash from mail_addresses where stopped_at is not null",
      )
    ).rows;

  it("asks at a look, and stops at a click or at a mail reader's own request", async () => {
    const hash = hashAddress(key, "Visitor@Example.com");
    const link = `${url}/mail/stop?t=${await signStopToken(key, hash)}`;
    const page = await (await fetch(link)).text();
    expect(page).toContain('<form method="post">');
    expect(page).not.toContain("<script");
    expect(await stopped()).toEqual([]);
    const oneClick = { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) };
    for (let count = 0; count < 2; count += 1) expect((await fetch(link, oneClick)).status).toBe(200);
    expect(await stopped()).toEqual([{ hash: hashAddress(key, "visitor@example.com") }]);
  });

  it("stops nothing with a token of another purpose or key, or none", async () => {
    const before = await stopped();
    const subject = Buffer.alloc(32).toString("base64url");
    const bad = [
      await sign({ subject }),
      await sign({ subject, audience: mailAudiences.stop, secret: "another key that is long enough for it" }),
      await sign({ subject: "short", audience: mailAudiences.stop }),
      "",
    ];
    for (const token of bad) expect((await fetch(`${url}/mail/stop?t=${token}`, { method: "POST" })).status).toBe(403);
    expect((await fetch(`${url}/mail/stop`, { method: "POST" })).status).toBe(403);
    expect(await stopped()).toEqual(before);
  });
});
