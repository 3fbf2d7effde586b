import type { Pool } from "pg";
import { v7 } from "uuid";
import { hashSessionToken } from "../../accounts/session-token.ts";
import type { Statement } from "../../postgres/statement.ts";
import { interval, sessionIdleMs, sessionMaxMs, sessionTouchMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A session with its operator, as they are now. */
export interface SessionRow extends Columns<"operator_sessions", "id" | "credential"> {
  operatorId: string;
  name: string;
  role: Columns<"operators", "role">["role"];
  /** `gone`: its operator has left. */
  state: "valid" | "ended" | "gone";
  /** True if its use was last noted a while ago. */
  stale: boolean;
}

const lasts = `seen_at > now() - ${interval(sessionIdleMs)} and began_at > now() - ${interval(sessionMaxMs)}`;

export const operatorSessionStatement: Statement<SessionRow> = {
  name: "operator-session",
  text: `
    select operator_sessions.id, operator_id as "operatorId", name, role, credential,
           case when left_at is not null then 'gone' when ${lasts} then 'valid' else 'ended' end as state,
           seen_at < now() - ${interval(sessionTouchMs)} as stale
    from operator_sessions join operators on operators.id = operator_id
    where token = $1 and site_id = $2`,
};

/** @returns `undefined`: there is no such session, or no more */
export async function readSession(pool: Pool, siteId: string, token: string): Promise<SessionRow | undefined> {
  const [row] = await query(pool, operatorSessionStatement, [hashSessionToken(token), siteId]);
  return row;
}

export const touchSessionStatement: Statement = {
  name: "touch-operator-session",
  text: `update operator_sessions set seen_at = now() where id = $1 and ${lasts}`,
};

/** Notes that a session is in use; one that has ended stays so. */
export async function touchSession(pool: Pool, id: string): Promise<void> {
  await query(pool, touchSessionStatement, [id]);
}

/** Browser in which a session begins. */
export interface SessionPlace {
  userAgent: string;
  address: string;
}

export const addSessionStatement: Statement = {
  name: "add-operator-session",
  text: `
    insert into operator_sessions (id, operator_id, token, expires_at, ip_address, user_agent, credential)
    values ($1, $2, $3, now() + ${interval(sessionMaxMs)}, $4, $5, $6)`,
};

/** @param credential fingerprint of the configured password with which the session ends */
export async function addSession(
  pool: Pool,
  session: SessionPlace & { operatorId: string; token: string; credential: string },
): Promise<void> {
  const { operatorId, token, address, userAgent, credential } = session;
  await query(pool, addSessionStatement, [v7(), operatorId, hashSessionToken(token), address, userAgent, credential]);
}

export type ListedSession = Columns<"operator_sessions", "id" | "ip_address" | "user_agent" | "began_at" | "seen_at">;

export const listSessionsStatement: Statement<ListedSession> = {
  name: "list-operator-sessions",
  text: `
    select id, ip_address as "ipAddress", user_agent as "userAgent", began_at as "beganAt", seen_at as "seenAt"
    from operator_sessions where operator_id = $1 and ${lasts} order by seen_at desc limit 100`,
};

/** Reads the sessions of an operator that have not ended, the last used first. */
export async function listSessions(pool: Pool, operatorId: string): Promise<ListedSession[]> {
  return query(pool, listSessionsStatement, [operatorId]);
}

export const endSessionStatement: Statement<{ id: string }> = {
  name: "end-operator-session",
  text: "delete from operator_sessions where operator_id = $1 and id = $2 returning id",
};

/** @returns false if the operator has no such session */
export async function endSession(pool: Pool, operatorId: string, id: string): Promise<boolean> {
  return (await query(pool, endSessionStatement, [operatorId, id])).length === 1;
}

export const endOtherSessionsStatement: Statement = {
  name: "end-other-operator-sessions",
  text: "delete from operator_sessions where operator_id = $1 and id is distinct from $2",
};

/** Ends the sessions of an operator. @param but the one that goes on */
export async function endOtherSessions(pool: Pool, operatorId: string, but?: string): Promise<void> {
  await query(pool, endOtherSessionsStatement, [operatorId, but ?? null]);
}
