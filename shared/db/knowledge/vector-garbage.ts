import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, vectorGraceMs } from "../../tunables.ts";
import { query } from "../database.ts";

/** Rows deleted by one statement. */
const atOnce = 5000;

export const dropOldVectorsStatement: Statement = {
  name: "drop-old-vectors",
  text: `
    delete from passage_vectors using (
      select old.passage_id, old.model_id
      from embedding_choice cross join site_embeddings as embedded
      join embedding_models as models on models.id not in (embedded.model_id, embedding_choice.model_id)
      cross join lateral (
        select passage_id, model_id from passage_vectors
        where site_id = embedded.site_id and model_id = models.id limit ${atOnce}
      ) as old
    ) as old
    where passage_vectors.passage_id = old.passage_id and passage_vectors.model_id = old.model_id`,
};

export const dropUnusedVectorsStatement: Statement = {
  name: "drop-unused-vectors",
  // A vector that was given to a passage meanwhile has a new `used_at`, which PostgreSQL checks again under its lock.
  text: `
    delete from knowledge_vectors as vectors
    where used_at < now() - ${interval(vectorGraceMs)} and not exists (
      select from passage_vectors
      where passage_vectors.model_id = vectors.model_id and passage_vectors.text_hash = vectors.text_hash)`,
};

/**
 * Deletes vectors of models that a site has left, but for those of the model that is being built, and then those that no
 * passage has.
 */
export async function dropUnusedVectors(pool: Pool): Promise<void> {
  await query(pool, dropOldVectorsStatement, []);
  await query(pool, dropUnusedVectorsStatement, []);
}
