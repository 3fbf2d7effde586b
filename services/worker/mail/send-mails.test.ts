import type { Pool } from "pg";
import { v7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { addOperator } from "../../../shared/testing/fixtures/operators.ts";
import { type Behaviour, type SmtpPeer, startSmtpPeer } from "../../../shared/testing/processes/smtp-peer.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { openMailServer } from "./mail-server.ts";
import { mailTexts } from "./mail-texts.ts";
import { sendNext } from "./send-mails.ts";

const config = { PUBLIC_URL: "https://chat.example.com/", CONSOLE_URL: "https://desk.example.com" };

let db: OpenTestDatabase;
let pool: Pool;
let peer: SmtpPeer;
beforeAll(async () => {
  [db, peer] = await Promise.all([openTestDatabase(), startSmtpPeer()]);
  pool = db.pool;
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await pool.query("truncate mails, mail_addresses, operators cascade");
  peer.behave = () => "take";
  (peer.received as unknown[]).length = 0;
});

/** A worker's sender; `dies` makes it die before it records that the server has the mail. */
function openSender({ dies = () => false }: { dies?: () => boolean } = {}) {
  const outcomes: string[] = [];
  const { log, lines } = recordingLog();
  const dying = Object.create(pool, {
    query: {
      value: async (statement: { name?: string }, ...rest: unknown[]) => {
        if (statement.name === "end-mail" && dies()) throw new Error("killed");
        return (pool.query as (...args: unknown[]) => unknown)(statement, ...rest);
      },
    },
  }) as Pool;
  const context = {
    db: { ...db, pool: dying },
    log,
    config,
    metrics: { mailTried: (_kind: string, outcome: string) => void outcomes.push(outcome) },
  };
  const server = openMailServer({ SMTP_URL: peer.url, MAIL_FROM: "Example Shop <chat@example.com>" });
  return { outcomes, lines, send: async (cut?: AbortSignal) => sendNext(context, server, cut) };
}

/** A mail that is due, about an operator's answer to a visitor. */
async function owe(address: string, locale = "en"): Promise<string> {
  const [{ conversationId }, operator] = [await startConversation(pool), await addOperator(pool)];
  const [id, messageId] = [v7(), v7()];
  await pool.query("update conversations set handoff_email = $2, metadata = $3 where id = $1", [
    conversationId,
    address,
    { locale },
  ]);
  await pool.query(
    "insert into messages (id, conversation_id, turn, sender, text, operator_id) values ($1, $2, 2, 'operator', 'secret words', $3)",
    [messageId, conversationId, operator.id],
  );
  await pool.query(
    "insert into mails (id, kind, cause, conversation_id, message_id) values ($1::uuid, 'answer', $1::text, $2, $3)",
    [id, conversationId, messageId],
  );
  return id;
}

async function stateOf(id: string): Promise<unknown> {
  const { rows } = await pool.query<Record<string, unknown>>(
    `select state, tries, handed, fault, failed_at is not null as failed, round(extract(epoch from due_at - now()) / 60)::int as minutes from mails where id = $1`,
    [id],
  );
  return rows[0];
}

/** Ends leases and delays. */
async function passTime(): Promise<void> {
  await pool.query("update mails set due_at = now() - interval '1 s' where state = 'due'");
}

describe("a mail", () => {
  it("names links, the sender and a way to stop, in the visitor's language, and nothing that was said", async () => {
    const id = await owe("visitor@example.org", "de-AT");
    expect(await openSender().send()).toBe(true);
    expect(await stateOf(id)).toMatchObject({ state: "sent", tries: 1, handed: 1 });
    const [mail] = peer.received;
    expect(mail).toMatchObject({ to: "visitor@example.org", messageId: `<${id}@example.com>` });
    const raw = mail?.raw.replaceAll("=\r\n", "") ?? "";
    expect(raw).toContain("From: Example Shop <chat@example.com>");
    expect(raw).toContain(`Subject: ${mailTexts.de.subject}`);
    expect(raw).toContain("Auto-Submitted: auto-generated");
    expect(raw).toMatch(/List-Unsubscribe:\s+<https:\/\/chat\.example\.com\/mail\/stop\?t=[\w.-]+>/);
    expect(raw).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
    expect(raw).toMatch(/https:\/\/chat\.example\.com\/mail\/open\?t=/);
    expect(raw).not.toMatch(/secret words|a question/);
  });

  it.each([
    [{ refuseRecipient: 450 }, { state: "due", handed: 0, minutes: 1, fault: "450 at RCPT TO", failed: true }],
    [{ refuseText: 451 }, { state: "due", handed: 0, minutes: 1 }],
    [{ refuseRecipient: 550 }, { state: "refused", handed: 0 }],
    [{ refuseText: 554 }, { state: "refused", handed: 1, fault: "554 at DATA", failed: true }],
    ["drop-before-text", { state: "due", minutes: 1 }],
    ["drop-after-text", { state: "due", handed: 1, minutes: 1 }],
  ] as [Behaviour, object][])("is kept, or given up, after %j", async (behaviour, state) => {
    const id = await owe("visitor@example.org");
    peer.behave = () => behaviour;
    const { send, lines } = openSender();
    await send();
    expect(await stateOf(id)).toMatchObject(state);
    // Neither addresses nor the server's words are logged.
    expect(JSON.stringify(lines)).not.toMatch(/example\.org|refused by the test/);
  });

  it("waits longer after each refusal, is sent in the end, and expires after five days", async () => {
    const id = await owe("visitor@example.org");
    peer.behave = () => ({ refuseRecipient: 451 });
    const { send } = openSender();
    for (const minutes of [1, 5, 15, 60, 180, 360, 720, 1440, 1440]) {
      await send();
      expect(await stateOf(id)).toMatchObject({ state: "due", minutes });
      await passTime();
    }
    peer.behave = () => "take";
    await send();
    expect(await stateOf(id)).toMatchObject({ state: "sent", failed: false });
    const late = await owe("visitor@example.org");
    await pool.query("update mails set created_at = now() - interval '121 h' where id = $1", [late]);
    await send();
    expect(await stateOf(late)).toMatchObject({ state: "expired" });
  });

  it("is put off while no server listens", async () => {
    const id = await owe("visitor@example.org");
    const { log } = recordingLog();
    const context = { db, log, config, metrics: { mailTried: () => undefined } };
    const gone = openMailServer({ SMTP_URL: "smtp://127.0.0.1:1", MAIL_FROM: "chat@example.com" });
    for (const minutes of [1, 5, 15, 15]) {
      expect(await sendNext(context, gone)).toBe(false);
      expect(await stateOf(id)).toMatchObject({ state: "due", handed: 0, minutes });
      await passTime();
    }
  });

  it("is unknown, and sent no more, after a server kept silent twice about the text", async () => {
    const id = await owe("visitor@example.org");
    peer.behave = () => "hang-after-text";
    const { send, lines } = openSender();
    for (const copies of [1, 2]) {
      const cut = new AbortController();
      const sending = send(cut.signal);
      await expect.poll(() => peer.received.length).toBe(copies);
      cut.abort();
      await sending;
      await passTime();
    }
    expect(await send()).toBe(false);
    expect(await stateOf(id)).toMatchObject({ state: "unknown", handed: 2 });
    expect(lines.at(-1)?.msg).toContain("not sent a third time");
  });

  it("is not given by a sender whose lease is over", async () => {
    const id = await owe("visitor@example.org");
    peer.behave = () => "take";
    const slow = openMailServer({ SMTP_URL: peer.url, MAIL_FROM: "chat@example.com" });
    const { log } = recordingLog();
    const context = { db, log, config, metrics: { mailTried: () => undefined } };
    const frozen: typeof slow = {
      deliver: async (letter, options) => {
        await passTime();
        await openSender().send();
        return slow.deliver(letter, options);
      },
    };
    await sendNext(context, frozen);
    expect(await stateOf(id)).toMatchObject({ state: "sent", tries: 2, handed: 1 });
    expect(peer.received).toHaveLength(1);
  });
});

describe("an address", () => {
  it("gets five mails a day, whatever the conversations", async () => {
    const ids = [];
    for (let count = 0; count < 7; count += 1) ids.push(await owe(count % 2 ? "a@example.org" : "A@Example.org"));
    const other = await owe("b@example.org");
    const { send } = openSender();
    while (await send());
    const states = await Promise.all(ids.map(stateOf));
    const count = (state: string) => states.filter((row) => (row as { state: string }).state === state).length;
    expect([count("sent"), count("limited")]).toEqual([5, 2]);
    expect(await stateOf(other)).toMatchObject({ state: "sent" });
    await pool.query("update mail_addresses set window_began_at = now() - interval '25 h'");
    const next = await owe("a@example.org");
    await send();
    expect(await stateOf(next)).toMatchObject({ state: "sent" });
  });

  it("counts a mail that is tried again once", async () => {
    peer.behave = () => ({ refuseRecipient: 450 });
    const id = await owe("a@example.org");
    const { send } = openSender();
    for (let count = 0; count < 8; count += 1) {
      await send();
      await passTime();
    }
    peer.behave = () => "take";
    await send();
    expect(await stateOf(id)).toMatchObject({ state: "sent" });
    const { rows } = await pool.query("select window_mails as mails from mail_addresses");
    expect(rows).toEqual([{ mails: 1 }]);
  });

  it("that was stopped gets none, also of those that were tried before", async () => {
    peer.behave = () => ({ refuseRecipient: 450 });
    const id = await owe("a@example.org");
    const { send } = openSender();
    await send();
    await pool.query("update mail_addresses set stopped_at = now()");
    peer.behave = () => "take";
    await passTime();
    await send();
    expect(await stateOf(id)).toMatchObject({ state: "stopped" });
    expect(peer.received).toEqual([]);
  });
});

it("sixty mails through a bad server, by senders that die, arrive once each, and twice at most for each death", async () => {
  const ids = [];
  for (let count = 0; count < 60; count += 1) ids.push(await owe(`visitor-${count}@example.org`));
  const random = seeded(7);
  const [tried, deaths] = [new Map<string, number>(), { count: 0 }];
  let dropped = 0;
  peer.behave = (to) => {
    const times = (tried.get(to) ?? 0) + 1;
    tried.set(to, times);
    // Each mail meets one fault at most, at its first try.
    if (times > 1) return "take";
    const dice = random();
    if (dice < 0.2) return { refuseRecipient: 451 };
    if (dice < 0.3) return { refuseText: 452 };
    if (dice < 0.4) return "drop-before-text";
    if (dice < 0.5) {
      dropped += 1;
      return "drop-after-text";
    }
    return "take";
  };
  const dies = () => {
    const dead = random() < 0.15;
    deaths.count += Number(dead);
    return dead;
  };
  const drain = async () => {
    const { send } = openSender({ dies });
    for (;;) {
      const more = await send().catch(() => "dead" as const);
      if (more !== true) return;
    }
  };
  const left = async () => (await pool.query("select from mails where state = 'due'")).rowCount ?? 0;
  for (let rounds = 0; (await left()) > 0; rounds += 1) {
    expect(rounds).toBeLessThan(100);
    await Promise.all([drain(), drain(), drain(), drain()]);
    await passTime();
  }
  const copies = Map.groupBy(peer.received, ({ messageId }) => messageId);
  expect([...copies.keys()].toSorted()).toEqual(ids.map((id) => `<${id}@example.com>`).toSorted());
  expect(Math.max(...[...copies.values()].map(({ length }) => length))).toBeLessThanOrEqual(2);
  expect(deaths.count).toBeGreaterThan(3);
  expect(peer.received.length).toBeLessThanOrEqual(60 + deaths.count + dropped);
}, 60_000);

/** Numbers from 0 to 1, the same in each run. */
function seeded(state: number): () => number {
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
