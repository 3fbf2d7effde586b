import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import { changeRoleStatement, storeRole } from "../../shared/db/accounts/change-role.ts";
import * as departure from "../../shared/db/accounts/departure.ts";
import * as invitations from "../../shared/db/accounts/invitations.ts";
import * as accounts from "../../shared/db/accounts/operator-accounts.ts";
import * as links from "../../shared/db/accounts/operator-links.ts";
import * as sessions from "../../shared/db/accounts/operator-sessions.ts";
import { storeUseOfLink, useOperatorLinkStatement } from "../../shared/db/accounts/use-link.ts";
import { mailState } from "../../shared/protocol/people/mail.ts";
import { operatorRole } from "../../shared/protocol/operator.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const siteId = defaultSite;
const place = { address: "192.0.2.1", userAgent: "a browser" };
const hour = 3_600_000;

const invite = async (pool: Pool) => {
  const tokenHash = randomBytes(32);
  const name = v7();
  const person = { email: `${name}@example.com`, name, role: "operator" } as const;
  const made = await links.storeInvitation(pool, { siteId, tokenHash, ...person, lifeMs: hour, byMail: false });
  if (typeof made === "string") throw new Error(made);
  return { id: made.id, tokenHash, email: person.email };
};

/** An operator with an account and a session. */
const signUp = async (pool: Pool) => {
  const { tokenHash, email } = await invite(pool);
  const token = randomBytes(24).toString("base64url");
  const used = await storeUseOfLink(pool, { siteId, tokenHash, password: "a hash", token, ...place });
  if (typeof used === "string") throw new Error(used);
  const session = await sessions.readSession(pool, siteId, token);
  if (!session) throw new Error("no session began");
  return { ...used, token, sessionId: session.id, email };
};

const account = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: operatorRole,
  email: z.string().nullable(),
  twoFactorEnabled: z.boolean(),
});

const adminChange = z.strictObject({ done: z.boolean(), isLast: z.boolean() });

/** Statements of operators' accounts. */
export const accountCases: StatementCase[] = [
  reads(
    links.inviteOperatorStatement,
    z.strictObject({
      hasAccount: z.boolean(),
      nameTaken: z.boolean(),
      id: z.uuid().nullable(),
      endsAt: z.date().nullable(),
    }),
    invite,
  ),
  reads(links.addOperatorLinkStatement, z.strictObject({ endsAt: z.date() }), async (pool) => {
    const { operatorId } = await signUp(pool);
    const link = { siteId, purpose: "reset", tokenHash: randomBytes(32), operatorId, lifeMs: hour } as const;
    await links.storeLink(pool, link);
  }),
  reads(
    links.openLinkStatement,
    z.strictObject({
      purpose: z.enum(["invitation", "reset", "sign-in"]),
      operatorId: z.uuid().nullable(),
      email: z.string().nullable(),
      name: z.string(),
      role: operatorRole,
    }),
    async (pool) => links.readOpenLink(pool, siteId, (await invite(pool)).tokenHash),
  ),
  reads(
    invitations.openInvitationsStatement,
    z.strictObject({
      id: z.uuid(),
      email: z.string(),
      name: z.string(),
      role: operatorRole,
      invitedBy: z.string().nullable(),
      createdAt: z.date(),
      endsAt: z.date(),
      mail: mailState.nullable(),
    }),
    async (pool) => {
      await invite(pool);
      await invitations.listOpenInvitations(pool, siteId);
    },
  ),
  reads(invitations.withdrawInvitationStatement, z.strictObject({ id: z.uuid() }), async (pool) =>
    invitations.withdrawInvitation(pool, siteId, (await invite(pool)).id),
  ),
  writes(links.deleteEndedAccountRowsStatement, (pool) => links.deleteEndedAccountRows(pool, 12 * hour)),
  reads(useOperatorLinkStatement, z.strictObject({ operatorId: z.uuid().nullable(), open: z.boolean() }), signUp),
  reads(
    sessions.operatorSessionStatement,
    z.strictObject({
      id: z.uuid(),
      operatorId: z.uuid(),
      name: z.string(),
      role: operatorRole,
      credential: z.string().nullable(),
      state: z.enum(["valid", "ended", "gone"]),
      stale: z.boolean(),
    }),
    signUp,
  ),
  writes(sessions.touchSessionStatement, async (pool) => sessions.touchSession(pool, (await signUp(pool)).sessionId)),
  writes(sessions.addSessionStatement, async (pool) => {
    const { operatorId } = await signUp(pool);
    const token = randomBytes(24).toString("base64url");
    await sessions.addSession(pool, { operatorId, token, credential: "a fingerprint", ...place });
  }),
  reads(
    sessions.listSessionsStatement,
    z.strictObject({
      id: z.uuid(),
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
      beganAt: z.date(),
      seenAt: z.date(),
    }),
    async (pool) => sessions.listSessions(pool, (await signUp(pool)).operatorId),
  ),
  reads(sessions.endSessionStatement, z.strictObject({ id: z.uuid() }), async (pool) => {
    const { operatorId, sessionId } = await signUp(pool);
    await sessions.endSession(pool, operatorId, sessionId);
  }),
  writes(sessions.endOtherSessionsStatement, async (pool) =>
    sessions.endOtherSessions(pool, (await signUp(pool)).operatorId),
  ),
  reads(departure.removeOperatorStatement, adminChange, async (pool) =>
    departure.storeDeparture(pool, siteId, (await signUp(pool)).operatorId),
  ),
  reads(changeRoleStatement, adminChange, async (pool) =>
    storeRole(pool, { siteId, operatorId: (await signUp(pool)).operatorId, role: "reader" }),
  ),
  reads(
    departure.leftConversationsStatement,
    z.strictObject({ conversationId: z.uuid(), operatorId: z.uuid() }),
    async (pool) => {
      const [{ operatorId }, { conversationId }] = [await signUp(pool), await startConversation(pool)];
      await pool.query("update conversations set handled_by = 'operator', operator_id = $2 where id = $1", [
        conversationId,
        operatorId,
      ]);
      await departure.storeDeparture(pool, siteId, operatorId);
      await departure.readLeftConversations(pool);
    },
  ),
  reads(accounts.listAccountsStatement, account, async (pool) => {
    await accounts.findByEmail(pool, siteId, (await signUp(pool)).email);
  }),
];
