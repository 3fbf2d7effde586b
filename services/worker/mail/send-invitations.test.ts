import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { inviteByMail } from "../../../shared/accounts/invite.ts";
import { hashOfLinkToken } from "../../../shared/accounts/one-time-link.ts";
import { withdrawInvitation } from "../../../shared/db/accounts/invitations.ts";
import { readOpenLink } from "../../../shared/db/accounts/operator-links.ts";
import { storeUseOfLink } from "../../../shared/db/accounts/use-link.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { type SmtpPeer, startSmtpPeer } from "../../../shared/testing/processes/smtp-peer.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { type MailServer, openMailServer } from "./mail-server.ts";
import { sendNext } from "./send-mails.ts";

const config = { PUBLIC_URL: "https://chat.example.com", CONSOLE_URL: "https://desk.example.com/" };

let db: OpenTestDatabase;
let peer: SmtpPeer;
let server: MailServer;
beforeAll(async () => {
  [db, peer] = await Promise.all([openTestDatabase(), startSmtpPeer()]);
  server = openMailServer({ SMTP_URL: peer.url, MAIL_FROM: "chat@example.com" });
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await db.pool.query("truncate operator_links, mail_addresses, operators cascade");
  peer.behave = () => "take";
  (peer.received as unknown[]).length = 0;
});

const send = (through = server) =>
  sendNext({ db, log: quietLog(), config, metrics: { mailTried: () => undefined } }, through);

const passTime = () => db.pool.query("update mails set due_at = now() - interval '1 s' where state = 'due'");

async function invite(): Promise<string> {
  const made = await inviteByMail(db.pool, { siteId: defaultSite, email: "ben@example.org", role: "operator" });
  if (typeof made === "string") throw new Error(made);
  return made.id;
}

/** Hashes of the tokens in the mails that arrived. */
const sentLinks = () =>
  peer.received.map(({ raw }) => {
    const text = raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
    const [, token = ""] = /https:\/\/desk\.example\.com\/console\?part=sign-in#link=([\w-]+)/.exec(text) ?? [];
    return hashOfLinkToken(token) ?? Buffer.alloc(0);
  });

const open = (tokenHash: Buffer = Buffer.alloc(0)) => readOpenLink(db.pool, defaultSite, tokenHash);

it("an invitation goes to its address, with a link that makes the account", async () => {
  await invite();
  expect(await send()).toBe(true);
  expect(peer.received).toMatchObject([{ to: "ben@example.org" }]);
  const [tokenHash = Buffer.alloc(0)] = sentLinks();
  expect(await open(tokenHash)).toMatchObject({ purpose: "invitation", email: "ben@example.org", role: "operator" });
  const place = { address: "192.0.2.1", userAgent: "" };
  const used = await storeUseOfLink(db.pool, {
    siteId: defaultSite,
    tokenHash,
    password: "a hash",
    token: "t",
    ...place,
  });
  expect(used).toHaveProperty("operatorId");
});

it("two copies of an invitation that may have arrived have one Message-ID, and both links are good", async () => {
  await invite();
  peer.behave = () => "drop-after-text";
  await send();
  // A try at which no text is given ends no link that may have arrived.
  for (const refuseRecipient of [450, 451]) {
    peer.behave = () => ({ refuseRecipient });
    await passTime();
    await send();
  }
  peer.behave = () => "take";
  await passTime();
  await send();
  const [first, second] = peer.received;
  expect(first?.messageId).toBe(second?.messageId);
  const [earlier, later] = sentLinks();
  expect(earlier).not.toEqual(later);
  for (const tokenHash of [earlier, later]) expect(await open(tokenHash)).toMatchObject({ email: "ben@example.org" });
});

it("an invitation that is withdrawn while it is sent arrives with no good link, or not at all", async () => {
  const id = await invite();
  const withdrawing: MailServer = {
    deliver: async (letter, options) => {
      await withdrawInvitation(db.pool, defaultSite, id);
      return server.deliver(letter, options);
    },
  };
  await send(withdrawing);
  expect(peer.received).toEqual([]);
  await invite();
  await send();
  await db.pool.query("delete from operator_links");
  expect(await open(sentLinks()[0])).toBeUndefined();
  expect((await db.pool.query("select from mails")).rowCount).toBe(0);
});

it("an invitation that was used, or has ended, needs no mail", async () => {
  for (const change of ["used_at = now()", "ends_at = now()"]) {
    const id = await invite();
    await db.pool.query(`update operator_links set ${change} where id = $1`, [id]);
    await send();
    expect((await db.pool.query("select state from mails where link_id = $1", [id])).rows).toEqual([
      { state: "needless" },
    ]);
  }
  expect(peer.received).toEqual([]);
});
