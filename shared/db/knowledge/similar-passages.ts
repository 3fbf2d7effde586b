import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export type SiteModel = Columns<"embedding_models", "id" | "name" | "dimensions">;

export const siteModelStatement: Statement<SiteModel> = {
  name: "site-model",
  text: `
    select models.id, name, dimensions from site_embeddings join embedding_models as models on models.id = model_id
    where site_id = $1`,
};

/** @returns the model whose vectors the searches of a site use; `undefined` until all its passages have one */
export async function readSiteModel(pool: Pool, siteId: string): Promise<SiteModel | undefined> {
  return (await query(pool, siteModelStatement, [siteId]))[0];
}

export interface NearPassage extends Columns<"passage_vectors", "passage_id"> {
  textHash: Buffer;
  vector: Buffer;
}

export const nearPassagesStatement: Statement<NearPassage> = {
  name: "near-passages",
  text: `
    with near as materialized (
      select passage_id, text_hash from passage_vectors
      where site_id = $1 and model_id = $2 and length(code) = length($3::varbit)
        and ($4::uuid[] is null or source_id = any($4))
      order by bit_count(code # $3::varbit), passage_id limit $5
    )
    select passage_id as "passageId", text_hash as "textHash", vector
    from near join knowledge_vectors using (text_hash) where model_id = $2`,
};

/** Finds the passages whose codes differ least from that of a question, in no order, with their vectors. */
export function readNearPassages(
  pool: Pool,
  {
    siteId,
    modelId,
    code,
    sources,
    limit,
  }: { siteId: string; modelId: number; code: string; sources: readonly string[] | null; limit: number },
): Promise<NearPassage[]> {
  return query(pool, nearPassagesStatement, [siteId, modelId, code, sources, limit]);
}
