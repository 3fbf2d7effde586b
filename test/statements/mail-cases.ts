import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import { storeInvitation } from "../../shared/db/accounts/operator-links.ts";
import * as addresses from "../../shared/db/mail/mail-addresses.ts";
import * as causes from "../../shared/db/mail/mail-causes.ts";
import * as outbox from "../../shared/db/mail/outbox.ts";
import { noteVisitorSeen, noteVisitorSeenStatement } from "../../shared/db/mail/visitor-seen.ts";
import * as report from "../../shared/db/operators/mail-report.ts";
import { mailState } from "../../shared/protocol/people/mail.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { addOperator } from "../../shared/testing/fixtures/operators.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const mailKind = z.enum(["visitor-waits", "answer", "invitation"]);
const id = z.strictObject({ id: z.uuid() });

/** A visitor waits, and an operator with an address can be told. */
const wait = async (pool: Pool) => {
  const [{ conversationId }, operator] = [await startConversation(pool), await addOperator(pool)];
  await pool.query("update operators set email = $2 where id = $1", [operator.id, `${v7()}@example.com`]);
  await pool.query(
    "update conversations set handled_by = 'waiting', stretch = 1, waiting_since = now() - interval '5 min' where id = $1",
    [conversationId],
  );
};

/** An operator has answered a visitor who left an address. */
const answer = async (pool: Pool) => {
  const [{ conversationId }, operator] = [await startConversation(pool), await addOperator(pool)];
  await pool.query("update conversations set handoff_email = 'visitor@example.com' where id = $1", [conversationId]);
  await pool.query(
    `insert into messages (id, conversation_id, turn, sender, text, operator_id, created_at)
     values ($1, $2, 2, 'operator', 'an answer', $3, now() - interval '5 min')`,
    [v7(), conversationId, operator.id],
  );
};

const claim = async (pool: Pool) => {
  await answer(pool);
  await causes.noteMails(pool);
  const claimed = await outbox.claimMails(pool, 1000);
  const mail = claimed.find(({ kind }) => kind === "answer");
  if (!mail) throw new Error("no mail was claimed");
  return mail;
};

const admit = async (pool: Pool) => {
  const addressHash = randomBytes(32);
  const { id: mailId } = await claim(pool);
  await addresses.admitMail(pool, { siteId: defaultSite, addressHash, mailId, counts: true });
  return addressHash;
};

/** Statements of mails. */
export const mailCases: StatementCase[] = [
  reads(causes.noteWaitingVisitorsStatement, id, async (pool) => {
    await wait(pool);
    await causes.noteMails(pool);
  }),
  reads(causes.noteAnswersStatement, id, async (pool) => {
    await answer(pool);
    await causes.noteMails(pool);
  }),
  reads(
    outbox.claimMailsStatement,
    z.strictObject({
      id: z.uuid(),
      siteId: z.string(),
      kind: mailKind,
      conversationId: z.uuid().nullable(),
      tries: z.int(),
      handed: z.int(),
      ageMs: z.number(),
      admitted: z.boolean(),
    }),
    claim,
  ),
  reads(
    outbox.addresseeStatement,
    z.strictObject({ address: z.string(), locale: z.string().nullable() }),
    async (pool) => outbox.readAddressee(pool, (await claim(pool)).id),
  ),
  reads(outbox.handMailStatement, id, async (pool) => outbox.noteHanded(pool, await claim(pool))),
  reads(outbox.handInvitationStatement, id, async (pool) => {
    const name = v7();
    const person = { siteId: defaultSite, name, email: `${name}@example.com`, role: "operator", byMail: true } as const;
    await storeInvitation(pool, { ...person, tokenHash: randomBytes(32), lifeMs: 3_600_000 });
    const claimed = (await outbox.claimMails(pool, 1000)).find(({ kind }) => kind === "invitation");
    if (claimed) await outbox.noteHandedInvitation(pool, claimed, randomBytes(32));
  }),
  reads(outbox.endMailStatement, id, async (pool) => outbox.endMail(pool, await claim(pool), "sent")),
  writes(outbox.putOffMailStatement, async (pool) =>
    outbox.putOffMail(pool, await claim(pool), { delayMs: 1000, handed: 0, fault: "450 at RCPT TO" }),
  ),
  reads(
    report.mailCountsStatement,
    z.strictObject({ kind: mailKind, state: mailState, count: z.int() }),
    async (pool) => {
      await claim(pool);
      await report.readMailReport(pool);
    },
  ),
  reads(
    report.mailFailuresStatement,
    z.strictObject({
      id: z.uuid(),
      kind: mailKind,
      state: mailState,
      fault: z.string().nullable(),
      tries: z.int(),
      failedAt: z.date(),
      dueAt: z.date(),
      conversationId: z.uuid().nullable(),
      operator: z.string().nullable(),
      host: z.string().nullable(),
    }),
    async (pool) => {
      await outbox.endMail(pool, await claim(pool), "refused", "550 at RCPT TO");
      await report.readMailReport(pool);
    },
  ),
  reads(addresses.admitMailStatement, z.strictObject({ stopped: z.boolean(), within: z.boolean() }), admit),
  writes(noteVisitorSeenStatement, async (pool) => {
    const { conversationId } = await startConversation(pool);
    await noteVisitorSeen(pool, conversationId, v7());
  }),
  writes(addresses.stopMailsStatement, (pool) => addresses.stopMails(pool, defaultSite, randomBytes(32))),
  writes(addresses.deleteMailCountsStatement, (pool) => addresses.deleteMailCounts(pool)),
];
