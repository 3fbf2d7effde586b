import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";
import type { PassageCursor } from "./passages.ts";

/** The model whose vectors the searches of a site use; `revision`: all passages up to it have one, but for refused ones. */
export type SiteModel = Columns<"embedding_models", "id" | "name" | "dimensions"> &
  Columns<"site_embeddings", "revision">;

export const siteModelStatement: Statement<SiteModel> = {
  name: "site-model",
  text: `
    select models.id, name, dimensions, revision
    from site_embeddings join embedding_models as models on models.id = model_id where site_id = $1`,
};

/** @returns `undefined` until all passages of a site have a vector */
export async function readSiteModel(pool: Pool, siteId: string): Promise<SiteModel | undefined> {
  return (await query(pool, siteModelStatement, [siteId]))[0];
}

interface SiteVectors {
  siteId: string;
  modelId: number;
}

export interface StoredCode
  extends Columns<"knowledge_passages", "id" | "revision">, Columns<"passage_vectors", "source_id"> {
  /** Signs of its vector's numbers, eight in a byte. */
  code: Buffer;
}

export const codesAfterStatement: Statement<StoredCode> = {
  name: "codes-after",
  // The first four bytes that PostgreSQL sends of bits are their number.
  text: `
    select id, revision, source_id as "sourceId", substring(varbit_send(code) from 5) as code
    from knowledge_passages as passages join passage_vectors on passage_id = id and model_id = $2
    where passages.site_id = $1 and (revision, id) > ($3, $4) and revision <= $5 and code is not null
    order by revision, id limit $6`,
};

/** Reads codes of a site's passages after a place, up to a revision, in order. */
export function readCodesAfter(
  pool: Pool,
  { siteId, modelId }: SiteVectors,
  { after, until, limit }: { after: PassageCursor; until: string; limit: number },
): Promise<StoredCode[]> {
  return query(pool, codesAfterStatement, [siteId, modelId, after.revision, after.id, until, limit]);
}

export interface PassageVector extends Columns<"passage_vectors", "passage_id"> {
  textHash: Buffer;
  vector: Buffer;
}

export const passageVectorsStatement: Statement<PassageVector> = {
  name: "passage-vectors",
  text: `
    select passage_id as "passageId", text_hash as "textHash", vector
    from passage_vectors join knowledge_vectors using (model_id, text_hash)
    where site_id = $1 and model_id = $2 and passage_id = any($3::bigint[]) and vector is not null`,
};

/** Reads vectors of passages, in no order. One that was removed since has none. */
export function readPassageVectors(
  pool: Pool,
  { siteId, modelId, ids }: SiteVectors & { ids: readonly number[] },
): Promise<PassageVector[]> {
  return query(pool, passageVectorsStatement, [siteId, modelId, ids]);
}
