import type { Pool } from "pg";
import { millis } from "../rules/talks.ts";

/** A passage from its storing to its removal, in Unix milliseconds by the database's clock. */
export interface PassageRecord {
  id: string;
  documentId: string;
  sourceId: string;
  text: string;
  begun: number;
  /** Null: it can be found at the end. */
  ended: number | null;
}

/** A passage that an attempt was made from. */
export interface UsedPassage {
  jobId: string;
  attempt: number;
  no: number;
  passageId: string;
  documentId: string;
  sourceId: string;
  /** Claim of the run that made the attempt: its search came later. */
  claimedAt: number;
}

/** A citation of a stored reply. */
export interface CitedPassage {
  jobId: string;
  attempt: number;
  /** Place among the citations of the reply. */
  no: number;
  /** Number that visitors see. */
  n: number;
  passageId: string;
  /** Null: its source was deleted. */
  sourceId: string | null;
  title: string;
  url: string;
  quote: string;
  begins: number;
  ends: number;
  /** Text of the reply. */
  text: string;
  /** False: it was cut. Its draft had lost the citations of sources that were deleted meanwhile. */
  whole: boolean;
}

/** Remains of the site's knowledge at the end of a run, and of replies made from it. */
export interface KnowledgeEvidence {
  history: ReadonlyMap<string, PassageRecord>;
  used: readonly UsedPassage[];
  cited: readonly CitedPassage[];
  /** Sources that stand. */
  standing: ReadonlySet<string>;
}

/** Lets the database of a run record each passage with its text, as the product forgets those that it removes. */
export async function recordPassages(pool: Pool): Promise<void> {
  await pool.query(`
    create table chaos_passages (
      id bigint primary key, document_id uuid not null, source_id uuid not null, text text not null,
      begun timestamptz not null default clock_timestamp(), ended timestamptz);
    create function chaos_passages_fn() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        update chaos_passages set ended = clock_timestamp() where id = old.id;
      else
        insert into chaos_passages (id, document_id, source_id, text)
        select new.id, id, source_id,
          convert_from(substring(convert_to(text, 'UTF8') from new.begins + 1 for new.ends - new.begins), 'UTF8')
        from knowledge_documents where id = new.document_id;
      end if;
      return null;
    end $$;
    create trigger chaos after insert or delete on knowledge_passages for each row execute function chaos_passages_fn()`);
}

/** True once no source is looked at, or waits for it. */
export async function isKnowledgeSettled(pool: Pool): Promise<boolean> {
  const { rowCount } = await pool.query(
    "select from knowledge_sources where status in ('pending', 'running') or due_at <= now() limit 1",
  );
  return rowCount === 0;
}

export async function readKnowledge(pool: Pool): Promise<KnowledgeEvidence> {
  const read = async <Row extends object>(sql: string) => (await pool.query<Row>(sql)).rows;
  const history = await read<PassageRecord>(`
    select id, document_id as "documentId", source_id as "sourceId", text, ${millis("begun")} as begun,
      ${millis("ended")} as ended
    from chaos_passages`);
  const used = await read<UsedPassage>(`
    select job_id as "jobId", attempt, no, passage_id as "passageId", document_id as "documentId",
      source_id as "sourceId", ${millis("claimed_at")} as "claimedAt"
    from reply_passages cross join lateral (
      select claimed_at from runs where runs.job_id = reply_passages.job_id and runs.attempt <= reply_passages.attempt
      order by run desc limit 1
    ) as run`);
  const cited = await read<CitedPassage>(`
    select jobs.id as "jobId", reply_attempt as attempt, no, n, passage_id as "passageId", source_id as "sourceId",
      title, url, quote, begins, ends, text, status = 'completed' as whole
    from reply_sources join messages on messages.id = message_id join jobs on jobs.reply_id = messages.id
    order by jobs.id, no`);
  const standing = await read<{ id: string }>("select id from knowledge_sources");
  return {
    history: new Map(history.map((passage) => [passage.id, passage])),
    used,
    cited,
    standing: new Set(standing.map(({ id }) => id)),
  };
}
