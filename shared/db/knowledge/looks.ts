import type { Pool } from "pg";
import { v7 } from "uuid";
import type { Statement } from "../../postgres/statement.ts";
import { interval, lookLeaseMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/**
 * A look: one pass over a source. Its state is in rows alone, so that any process goes on where one died. Every write
 * names the claim it was made under, and does nothing once another process has claimed the source.
 */
export interface LookAt {
  sourceId: string;
  claim: number;
}

const lease = interval(lookLeaseMs);

export const dueSourcesStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "due-sources",
  text: `
    select id from knowledge_sources
    where due_at <= now() and (lease_until is null or lease_until < now())
    order by due_at limit $1`,
};

/** Lists sources that are to be looked at and that no process is looking at, longest due first. */
export async function readDueSources(pool: Pool, limit: number): Promise<string[]> {
  return (await query(pool, dueSourcesStatement, [limit])).map(({ id }) => id);
}

export type ClaimedSource = Columns<
  "knowledge_sources",
  | "id"
  | "site_id"
  | "kind"
  | "url"
  | "title"
  | "question"
  | "content"
  | "media_type"
  | "language"
  | "claim"
  | "look"
  | "failures"
> & { /** The addresses of this look are stored. */ listed: boolean };

export const claimSourceStatement: Statement<ClaimedSource> = {
  name: "claim-source",
  // An expired lease: the look goes on. Otherwise a new one begins.
  text: `
    update knowledge_sources
    set status = 'running', claim = claim + 1, look = look + (lease_until is null)::int, lease_until = now() + ${lease},
      refresh_asked = refresh_asked and lease_until is not null
    where id = $1 and due_at <= now() and (lease_until is null or lease_until < now())
    returning id, site_id as "siteId", kind, url, title, question, content, media_type as "mediaType", language, claim,
      look, failures, listed_look = look as listed`,
};

/** @returns `undefined` if the source is not due, is gone, or another process is looking at it */
export async function claimSource(pool: Pool, id: string): Promise<ClaimedSource | undefined> {
  return (await query(pool, claimSourceStatement, [id]))[0];
}

export const renewLookStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "renew-look",
  text: `
    update knowledge_sources set lease_until = now() + ${lease}
    where id = $1 and claim = $2 and lease_until is not null returning id`,
};

/** @returns false if the look belongs to another process now, or its source is gone or is to be looked at anew */
export async function renewLook(pool: Pool, { sourceId, claim }: LookAt): Promise<boolean> {
  return (await query(pool, renewLookStatement, [sourceId, claim])).length === 1;
}

/** SQL for the source, locked, if the look is still ours. Parameters: $1 source, $2 claim. */
export const ownLook = `
    look as materialized (
      select id, site_id, look from knowledge_sources
      where id = $1 and claim = $2 and lease_until is not null for no key update
    )`;

export const listAddressesStatement: Statement<{ count: number }> = {
  name: "list-addresses",
  text: `
    with ${ownLook}, listed as (
      insert into knowledge_documents (id, site_id, source_id, url, listed_look)
      select item.id, look.site_id, look.id, item.url, look.look
      from look cross join unnest($3::uuid[], $4::text[]) as item(id, url)
      on conflict (source_id, url) do update set listed_look = excluded.listed_look
      returning 1
    )
    select count(*)::int as count from listed`,
};

const addressesAtOnce = 500;

/**
 * Stores addresses that a look has found; those that are stored already are listed again.
 * @param urls distinct
 * @returns false if the look is not ours any more
 */
export async function listAddresses(
  pool: Pool,
  { sourceId, claim }: LookAt,
  urls: readonly string[],
): Promise<boolean> {
  for (let start = 0; start < urls.length; start += addressesAtOnce) {
    const some = urls.slice(start, start + addressesAtOnce);
    const values = [sourceId, claim, some.map(() => v7()), some];
    const [row] = await query(pool, listAddressesStatement, values);
    if (row?.count !== some.length) return false;
  }
  return true;
}

export const markListedStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "mark-listed",
  text: `
    with ${ownLook}, kept as (
      update knowledge_documents set listed_look = look.look from look where source_id = look.id and $3::text is not null
    )
    update knowledge_sources set listed_look = look.look, reason = $3 from look
    where knowledge_sources.id = look.id returning knowledge_sources.id`,
};

/**
 * Notes that all addresses of the look are stored.
 * @param options.missing why the list may be incomplete: documents of earlier looks stay on it then
 * @returns false if the look is not ours any more
 */
export async function markListed(
  pool: Pool,
  { sourceId, claim }: LookAt,
  { missing }: { missing?: string | undefined } = {},
): Promise<boolean> {
  return (await query(pool, markListedStatement, [sourceId, claim, missing])).length === 1;
}

export const failLookStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "fail-look",
  text: `
    update knowledge_sources
    set status = 'failed', reason = $3, failures = failures + 1, lease_until = null,
      due_at = now() + $4::float8 * interval '1 millisecond'
    where id = $1 and claim = $2 and lease_until is not null returning id`,
};

/** Ends a look that could not list its addresses. Documents of earlier looks stay. */
export async function failLook(
  pool: Pool,
  { sourceId, claim }: LookAt,
  { reason, retryMs }: { reason: string; retryMs: number },
): Promise<boolean> {
  return (await query(pool, failLookStatement, [sourceId, claim, reason, retryMs])).length === 1;
}

export const pauseLookStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "pause-look",
  // The lease stays, expired: whoever claims the source goes on with this look.
  text: `
    update knowledge_sources
    set lease_until = now(), due_at = now() + $3::float8 * interval '1 millisecond'
    where id = $1 and claim = $2 and lease_until is not null returning id`,
};

/** Leaves a look to be gone on with later, by any process. */
export async function pauseLook(pool: Pool, { sourceId, claim }: LookAt, afterMs: number): Promise<void> {
  await query(pool, pauseLookStatement, [sourceId, claim, afterMs]);
}

export const endLookStatement: Statement<Columns<"knowledge_sources", "id">> = {
  name: "end-look",
  text: `
    update knowledge_sources
    set status = case when refresh_asked then 'pending' else 'ready' end, reason = coalesce($3, reason), failures = 0,
      lease_until = null, looked_at = now(),
      due_at = case when refresh_asked then now()
                    when kind in ('page', 'sitemap') then now() + refresh_hours * interval '1 hour' end
    where id = $1 and claim = $2 and lease_until is not null and listed_look = look returning id`,
};

/** Ends a complete look. @param reason what the owner should know, if anything */
export async function endLook(pool: Pool, { sourceId, claim }: LookAt, reason?: string): Promise<boolean> {
  return (await query(pool, endLookStatement, [sourceId, claim, reason ?? null])).length === 1;
}
