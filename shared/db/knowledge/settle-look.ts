import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import { replacePassages } from "./documents.ts";
import { type LookAt, ownLook } from "./looks.ts";

/**
 * Documents that answer and that a look may remove without asking each of them. More are held back if they are also over
 * `maxRemovedShare` of the source: a broken sitemap or a page of a site under repair says little about each page.
 */
const maxRemoved = 10;
const maxRemovedShare = 0.2;

interface Settled {
  /** Documents that are not removed, though the look would have it. */
  held: number;
  removed: number;
}

const leaving = `(leaving is not null or listed_look < look.look)`;

const noPassages = `fresh as (
      select null::uuid as document_id, 0 as no, 0 as begins, 0 as ends, '' as heading, ''::bytea as terms where false
    )`;

export const settleLookStatement: Statement<Settled> = {
  name: "settle-look",
  text: `
    with ${ownLook}, counted as materialized (
      select count(*) filter (where ${leaving}) as going, count(*) as ready
      from look join knowledge_documents on source_id = look.id where status = 'ready'
    ), verdict as materialized (
      select going > ${maxRemoved} and going > ready * ${maxRemovedShare} as held, going from counted
    ), unlisted as (
      delete from knowledge_documents using look, verdict
      where source_id = look.id and listed_look < look.look and (status <> 'ready' or not held)
      returning knowledge_documents.id, knowledge_documents.site_id, status
    ), left_out as (
      update knowledge_documents
      set status = 'left_out', reason = leaving, leaving = null, lines = null, text = null, text_hash = null
      from look, verdict
      where source_id = look.id and status = 'ready' and leaving is not null and listed_look = look.look and not held
      returning knowledge_documents.id, knowledge_documents.site_id
    ), kept as (
      update knowledge_documents set leaving = null from look, verdict
      where source_id = look.id and leaving is not null and held and status = 'ready'
    ), changing as (
      select id, site_id from unlisted where status = 'ready' union all select id, site_id from left_out
    ), ${noPassages}, ${replacePassages("0")}
    select case when held then going else 0 end::int as held, case when held then 0 else going end::int as removed
    from verdict cross join look`,
};

/**
 * Removes, at the end of a look, documents that its list does not name or that are to be left out, in one statement.
 * Too many of them are held back: nothing is removed then but what does not answer anyway.
 * @returns `undefined` if the look is not ours any more
 */
export async function settleLook(pool: Pool, { sourceId, claim }: LookAt): Promise<Settled | undefined> {
  return (await query(pool, settleLookStatement, [sourceId, claim]))[0];
}

export const leaveOutCopiesStatement: Statement<Columns<"knowledge_documents", "id">> = {
  name: "leave-out-copies",
  text: `
    with ${ownLook}, copies as materialized (
      select documents.id, documents.site_id, original.url
      from look join knowledge_documents as documents on source_id = look.id
      cross join lateral (
        select url from knowledge_documents as others
        where source_id = look.id and text_hash = documents.text_hash and status = 'ready' and id < documents.id
        order by id limit 1
      ) as original
      where status = 'ready'
    ), changing as (
      select id, site_id from copies
    ), ${noPassages}, ${replacePassages("0")}
    update knowledge_documents
    set status = 'left_out', reason = 'the same text as ' || copies.url, lines = null, text = null, text_hash = null
    from copies where knowledge_documents.id = copies.id returning knowledge_documents.id`,
};

/**
 * Leaves out documents whose text equals that of an older one of the source. It runs when all lines that repeat over the
 * source are dropped: until then, copies that were read at different times may differ by these.
 */
export async function leaveOutCopies(pool: Pool, { sourceId, claim }: LookAt): Promise<void> {
  await query(pool, leaveOutCopiesStatement, [sourceId, claim]);
}
