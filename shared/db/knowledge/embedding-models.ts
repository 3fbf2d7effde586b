import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { interval, modelHeldMs } from "../../tunables.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

export const embeddingModelStatement: Statement<Columns<"embedding_models", "id">> = {
  name: "embedding-model",
  text: `
    insert into embedding_models (name, dimensions) values ($1, $2)
    on conflict (name, dimensions) do update set name = excluded.name returning id`,
};

/** @returns the number of a model; a new one gets the next number */
export async function findEmbeddingModel(
  pool: Pool,
  { name, dimensions }: Columns<"embedding_models", "name" | "dimensions">,
): Promise<number> {
  const [model] = await query(pool, embeddingModelStatement, [name, dimensions]);
  if (!model) throw new Error("the model has no row");
  return model.id;
}

export const holdModelStatement: Statement<Columns<"embedding_choice", "model_id">> = {
  name: "hold-embedding-model",
  text: `
    insert into embedding_choice (id, model_id, held_until) values (1, $1, now() + ${interval(modelHeldMs)})
    on conflict (id) do update set model_id = excluded.model_id, held_until = excluded.held_until
      where embedding_choice.model_id = excluded.model_id or embedding_choice.held_until < now()
    returning model_id as "modelId"`,
};

/**
 * Holds a model for a time, as the one that vectors are made by. Processes that are configured with another one wait: two
 * models in turn would make all vectors again and again.
 * @returns false while a process holds another model
 */
export async function holdEmbeddingModel(pool: Pool, modelId: number): Promise<boolean> {
  return (await query(pool, holdModelStatement, [modelId])).length === 1;
}

export const heldModelStatement: Statement<Columns<"embedding_models", "name" | "dimensions">> = {
  name: "held-embedding-model",
  text: `select name, dimensions from embedding_choice join embedding_models as models on models.id = model_id`,
};

/** @returns the model that vectors are made by; `undefined` if none ever was */
export async function readHeldModel(pool: Pool) {
  return (await query(pool, heldModelStatement, []))[0];
}
