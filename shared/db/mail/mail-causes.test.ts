import type { Pool } from "pg";
import { v7 } from "uuid";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeTombstone } from "../conversations/erasure.ts";
import { followUp, startConversation } from "../../testing/fixtures/conversations.ts";
import { addOperator } from "../../testing/fixtures/operators.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { noteMails } from "./mail-causes.ts";
import { noteVisitorSeen } from "./visitor-seen.ts";
import { claimMails, readAddressee } from "./outbox.ts";

let db: OpenTestDatabase;
let pool: Pool;
beforeAll(async () => {
  db = await openTestDatabase();
  pool = db.pool;
  return () => db[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await pool.query("truncate mails, operators cascade");
  await pool.query("update conversations set handled_by = 'ai', handoff_email = null");
});

async function addColleague(role: string, email: string | null = `${v7()}@example.com`): Promise<string> {
  const { id } = await addOperator(pool);
  await pool.query("update operators set role = $2, email = $3 where id = $1", [id, role, email]);
  return id;
}

async function waitFor(seconds: number): Promise<string> {
  const { conversationId } = await startConversation(pool);
  await pool.query(
    `update conversations set handled_by = 'waiting', stretch = 1, waiting_since = now() - make_interval(secs => $2)
     where id = $1`,
    [conversationId, seconds],
  );
  return conversationId;
}

async function leaveEmail(conversationId: string, secondsAgo = 3600): Promise<void> {
  await pool.query(
    `update conversations set handoff_email = 'visitor@example.com', metadata = '{"locale":"de"}',
       email_left_at = now() - make_interval(secs => $2) where id = $1`,
    [conversationId, secondsAgo],
  );
}

async function say(conversationId: string, operatorId: string, secondsAgo: number): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `with turn as (update conversations set next_turn = next_turn + 1 where id = $2 returning next_turn - 1 as no)
     insert into messages (id, conversation_id, turn, sender, text, operator_id, created_at)
     select $1, $2, no, 'operator', 'an answer', $3, now() - make_interval(secs => $4) from turn returning id`,
    [v7(), conversationId, operatorId, secondsAgo],
  );
  return rows[0]?.id ?? "";
}

async function causes(): Promise<string[]> {
  await Promise.all([noteMails(pool), noteMails(pool), noteMails(pool)]);
  const { rows } = await pool.query<{ cause: string }>("select cause from mails order by cause");
  return rows.map(({ cause }) => cause);
}

describe("a visitor who waits", () => {
  it("is told to each operator who may answer, once a stretch", async () => {
    const [admin, operator] = [await addColleague("admin"), await addColleague("operator")];
    await addColleague("reader");
    await addColleague("operator", null);
    const left = await addColleague("operator");
    await pool.query("update operators set left_at = now() where id = $1", [left]);
    const conversation = await waitFor(130);
    await waitFor(100);
    const expected = [admin, operator].map((id) => `visitor-waits:${conversation}:1:${id}`).toSorted();
    expect(await causes()).toEqual(expected);
    expect(await causes()).toEqual(expected);
    await pool.query("update conversations set stretch = 3 where id = $1", [conversation]);
    expect(await causes()).toHaveLength(4);
  });

  it("is told while somebody is online who has not seen the newest message, and only then", async () => {
    const operator = await addColleague("operator");
    await pool.query("update operators set present_until = now() + interval '1 min' where id = $1", [operator]);
    const [seen, unseen] = [await waitFor(130), await waitFor(130)];
    await pool.query("update conversations set seen_turn = 1 where id = $1", [seen]);
    expect(await causes()).toEqual([`visitor-waits:${unseen}:1:${operator}`]);
  });

  it("is not told after days, when blocked, or deleted", async () => {
    await addColleague("operator");
    await waitFor(4 * 86_400);
    const [blocked, deleted] = [await waitFor(130), await waitFor(130)];
    await pool.query("update conversations set blocked_at = now() where id = $1", [blocked]);
    await storeTombstone(pool, deleted);
    expect(await causes()).toEqual([]);
  });

  it("needs no mail any more once somebody answers, or the operator has no address", async () => {
    const operator = await addColleague("operator", "ana@example.com");
    const conversation = await waitFor(130);
    await causes();
    const [mail] = await claimMails(pool, 1);
    const addressee = async () => readAddressee(pool, mail?.id ?? "");
    expect(await addressee()).toEqual({ address: "ana@example.com", locale: null });
    await pool.query("update operators set email = null where id = $1", [operator]);
    expect(await addressee()).toBeUndefined();
    await pool.query("update operators set email = 'ana@example.com' where id = $1", [operator]);
    await pool.query("update conversations set handled_by = 'operator' where id = $1", [conversation]);
    expect(await addressee()).toBeUndefined();
  });
});

describe("an operator's answer to a visitor with an address", () => {
  it("is told a minute later, once for all messages until the visitor writes again", async () => {
    const operator = await addColleague("operator", null);
    const { conversationId } = await startConversation(pool);
    await leaveEmail(conversationId);
    const first = await say(conversationId, operator, 70);
    await say(conversationId, operator, 65);
    expect(await causes()).toEqual([`answer:${first}`]);
    await followUp(pool, conversationId);
    const later = await say(conversationId, operator, 50);
    expect(await causes()).toEqual([`answer:${first}`]);
    await pool.query("update messages set created_at = created_at - interval '20 s' where id = $1", [later]);
    expect(await causes()).toEqual([`answer:${first}`, `answer:${later}`].toSorted());
  });

  it("is not told to a visitor who left the address after it, or none, or has written since", async () => {
    const operator = await addColleague("operator", null);
    const [before, without, written] = [
      await startConversation(pool),
      await startConversation(pool),
      await startConversation(pool),
    ].map(({ conversationId }) => conversationId);
    for (const id of [before, without, written]) await say(id ?? "", operator, 120);
    await leaveEmail(before ?? "", 60);
    await leaveEmail(written ?? "");
    await followUp(pool, written ?? "");
    expect(await causes()).toEqual([]);
  });

  it("needs no mail any more once the visitor has written, or removed the address", async () => {
    const operator = await addColleague("operator", null);
    const { conversationId } = await startConversation(pool);
    await leaveEmail(conversationId);
    await say(conversationId, operator, 70);
    await causes();
    const [mail] = await claimMails(pool, 1);
    const addressee = async () => readAddressee(pool, mail?.id ?? "");
    expect(await addressee()).toEqual({ address: "visitor@example.com", locale: "de" });
    await pool.query("update conversations set handoff_email = null where id = $1", [conversationId]);
    expect(await addressee()).toBeUndefined();
    await leaveEmail(conversationId);
    await followUp(pool, conversationId);
    expect(await addressee()).toBeUndefined();
  });

  it("is not told to a visitor who has seen it, but of what came after that", async () => {
    const operator = await addColleague("operator", null);
    const { conversationId } = await startConversation(pool);
    await leaveEmail(conversationId);
    const first = await say(conversationId, operator, 90);
    await noteVisitorSeen(pool, conversationId, first);
    expect(await causes()).toEqual([]);
    const later = await say(conversationId, operator, 80);
    // An older message does not take it back.
    await noteVisitorSeen(pool, conversationId, first);
    expect(await causes()).toEqual([`answer:${later}`]);
    const [mail] = await claimMails(pool, 1);
    expect(await readAddressee(pool, mail?.id ?? "")).toHaveProperty("address");
    await noteVisitorSeen(pool, conversationId, later);
    expect(await readAddressee(pool, mail?.id ?? "")).toBeUndefined();
  });

  it("goes with its conversation", async () => {
    const operator = await addColleague("operator", null);
    const { conversationId } = await startConversation(pool);
    await leaveEmail(conversationId);
    await say(conversationId, operator, 70);
    expect(await causes()).toHaveLength(1);
    await storeTombstone(pool, conversationId);
    expect(await causes()).toEqual([]);
  });
});
