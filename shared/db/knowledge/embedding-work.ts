import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { embeddingLeaseMs, interval } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { PassageCursor } from "./passages.ts";

/** A site some passages of which have no vector of a model yet. */
export interface SiteToEmbed extends Columns<"knowledge_bases", "site_id" | "revision"> {
  /** Revision up to which all have one. */
  done: string;
}

export const sitesToEmbedStatement: Statement<SiteToEmbed> = {
  name: "sites-to-embed",
  text: `
    select site_id as "siteId", bases.revision, case when model_id = $1 then embedded.revision else 0 end as done
    from knowledge_bases as bases left join site_embeddings as embedded using (site_id)
    where model_id is distinct from $1 or embedded.revision < bases.revision
    order by site_id limit 100`,
};

export function readSitesToEmbed(pool: Pool, modelId: number): Promise<SiteToEmbed[]> {
  return query(pool, sitesToEmbedStatement, [modelId]);
}

export interface ClaimedPassage extends Columns<"knowledge_passages", "id" | "revision"> {
  /** Its headings and its words: what the vector is made from. */
  text: string;
  textHash: Buffer;
}

export const claimPassagesStatement: Statement<ClaimedPassage> = {
  name: "claim-passages",
  // Locked rows are those that another process claims at the same time. Its lease keeps others away afterwards.
  text: `
    with wanted as materialized (
      select passages.id, passages.revision, passages.site_id, documents.source_id, convert_to(heading || E'\\n', 'UTF8')
        || substring(convert_to(documents.text, 'UTF8') from begins + 1 for ends - begins) as bytes
      from knowledge_passages as passages join knowledge_documents as documents on documents.id = document_id
      left join passage_vectors as known on known.passage_id = passages.id and known.model_id = $2
      where passages.site_id = $1 and (passages.revision, passages.id) > ($3, $4) and passages.revision <= $5
        and (known.passage_id is null or known.text_hash is null and known.lease_until < now())
      order by passages.revision, passages.id limit $6
      for no key update of passages skip locked
    ), claimed as (
      insert into passage_vectors (passage_id, model_id, site_id, source_id, lease_until)
      select id, $2, site_id, source_id, now() + ${interval(embeddingLeaseMs)} from wanted
      on conflict (passage_id, model_id) do update set lease_until = excluded.lease_until
        where passage_vectors.text_hash is null and passage_vectors.lease_until < now()
      returning passage_id
    )
    select id, revision, convert_from(bytes, 'UTF8') as text, sha256(bytes) as "textHash"
    from wanted join claimed on passage_id = id order by revision, id`,
};

/** Passages of a site after a place, up to a revision. */
interface PassageRange {
  siteId: string;
  modelId: number;
  after: PassageCursor;
  until: string;
  limit: number;
}

/** Claims the next passages of a site that have no vector of a model, for a time in which no other process does. */
export function claimPassages(
  pool: Pool,
  { siteId, modelId, after, until, limit }: PassageRange,
): Promise<ClaimedPassage[]> {
  return query(pool, claimPassagesStatement, [siteId, modelId, after.revision, after.id, until, limit]);
}

export const releasePassagesStatement: Statement = {
  name: "release-passages",
  text: `delete from passage_vectors where model_id = $1 and passage_id = any($2::bigint[]) and text_hash is null`,
};

/** Gives claimed passages back, for the next try. */
export async function releasePassages(pool: Pool, modelId: number, ids: readonly string[]): Promise<void> {
  await query(pool, releasePassagesStatement, [modelId, ids]);
}

export const knownVectorsStatement: Statement<Columns<"knowledge_vectors", "text_hash" | "vector">> = {
  name: "known-vectors",
  text: `
    select text_hash as "textHash", vector from knowledge_vectors
    where model_id = $1 and text_hash = any($2::bytea[])`,
};

/** Reads the vectors of texts that were embedded before. Null: the text was refused. */
export function readKnownVectors(pool: Pool, modelId: number, hashes: readonly Buffer[]) {
  return query(pool, knownVectorsStatement, [modelId, hashes]);
}

/** Vector of a passage. Without one, the endpoint refuses its text. */
export interface EmbeddedPassage {
  id: string;
  textHash: Buffer;
  vector: Buffer | undefined;
  code: string | undefined;
}

export const storeVectorsStatement: Statement = {
  name: "store-vectors",
  text: `
    with item as materialized (
      select * from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[]) as item(id, text_hash, vector, code)
    ), kept as (
      insert into knowledge_vectors (model_id, text_hash, vector)
      select distinct on (text_hash) $1, text_hash, vector from item order by text_hash
      on conflict (model_id, text_hash) do update set vector = excluded.vector, used_at = now()
    )
    update passage_vectors set text_hash = item.text_hash, code = item.code::varbit, lease_until = null
    from item where passage_id = item.id and model_id = $1`,
};

/** Stores vectors of passages. One that was removed meanwhile gets none. */
export async function storeVectors(pool: Pool, modelId: number, passages: readonly EmbeddedPassage[]): Promise<void> {
  const columns = (["id", "textHash", "vector", "code"] as const).map((name) =>
    passages.map((passage) => passage[name] ?? null),
  );
  await query(pool, storeVectorsStatement, [modelId, ...columns]);
}

export const completeSiteStatement: Statement<Columns<"site_embeddings", "site_id">> = {
  name: "complete-site",
  text: `
    insert into site_embeddings (site_id, model_id, revision)
    select $1, $2, $3 where not exists (
      select from knowledge_passages as passages
      left join passage_vectors as known on passage_id = passages.id and model_id = $2
      where passages.site_id = $1 and passages.revision > $4 and passages.revision <= $3 and text_hash is null)
      and exists (select from embedding_choice where model_id = $2 and held_until > now())
    on conflict (site_id) do update set model_id = excluded.model_id, revision = excluded.revision
      where site_embeddings.model_id <> excluded.model_id or site_embeddings.revision < excluded.revision
    returning site_id as "siteId"`,
};

/**
 * Lets a site's searches use a model's vectors, once every passage up to a revision has one or was refused.
 * @returns false if some are missing, or processes with another model have taken its place
 */
export async function completeSite(
  pool: Pool,
  { siteId, modelId, revision, done }: SiteToEmbed & { modelId: number },
): Promise<boolean> {
  return (await query(pool, completeSiteStatement, [siteId, modelId, revision, done])).length === 1;
}
