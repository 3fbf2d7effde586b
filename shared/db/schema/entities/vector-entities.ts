import { defineEntity, p } from "@mikro-orm/core";
import { defaultSite } from "../../../sites/default-site.ts";
import { bytes, time } from "./entity-columns.ts";
import { PassageEntity } from "./knowledge-entities.ts";

/** Tables about vectors of passages. Empty without an embeddings endpoint. See `entities.ts`. */

/** A model at the embeddings endpoint. Vectors of different ones cannot be compared. */
const EmbeddingModel = defineEntity({
  name: "EmbeddingModel",
  tableName: "embedding_models",
  properties: {
    id: p.integer().primary().generated("by default as identity"),
    name: p.text(),
    /** Length of a vector. 0: the model's own. */
    dimensions: p.integer().default(0),
  },
  uniques: [{ name: "embedding_models_name", properties: ["name", "dimensions"] }],
});

/** Vector of a text. Equal texts have one. */
const Vector = defineEntity({
  name: "KnowledgeVector",
  tableName: "knowledge_vectors",
  properties: {
    modelId: p.integer().primary(),
    /** SHA-256 of the text. */
    textHash: bytes().primary(),
    /** Half-precision floats of length 1. Null: the endpoint refuses the text. */
    vector: bytes().nullable(),
    /** Time at which a passage was last given it. Old ones without a passage are deleted. */
    usedAt: time().defaultRaw("now()"),
  },
});

/** A passage that has a vector, or that a process is getting one for. */
const PassageVector = defineEntity({
  name: "PassageVector",
  tableName: "passage_vectors",
  properties: {
    passage: () => p.manyToOne(PassageEntity).primary().deleteRule("cascade").updateRule("no action"),
    modelId: p.integer().primary(),
    siteId: p.text().default(defaultSite),
    sourceId: p.uuid(),
    /** Null while its vector is asked for. */
    textHash: bytes().nullable(),
    /** Signs of the vector's numbers. Null: the endpoint refuses the text. */
    code: p.text().columnType("varbit").nullable(),
    /** Another process may ask for the vector from then on. */
    leaseUntil: time().nullable(),
  },
  indexes: [
    { name: "passage_vectors_of_site", properties: ["siteId", "modelId"] },
    { name: "passage_vectors_by_text", properties: ["modelId", "textHash"] },
  ],
});

/** The model whose vectors a site's searches use. */
const SiteEmbedding = defineEntity({
  name: "SiteEmbedding",
  tableName: "site_embeddings",
  properties: {
    siteId: p.text().primary(),
    modelId: p.integer(),
    /** All passages up to this revision have a vector of the model, but for refused ones. */
    revision: p.bigint("string"),
  },
});

/** One row: the model that vectors are made by. */
const EmbeddingChoice = defineEntity({
  name: "EmbeddingChoice",
  tableName: "embedding_choice",
  properties: {
    id: p.integer().primary().autoincrement(false),
    modelId: p.integer(),
    /** Processes that are configured with another model may take its place from then on. */
    heldUntil: time(),
  },
});

/** How much a site has asked the endpoint for, in one UTC day. */
const EmbeddingDay = defineEntity({
  name: "EmbeddingDay",
  tableName: "embedding_days",
  properties: {
    siteId: p.text().primary().default(defaultSite),
    day: p.date().primary(),
    calls: p.integer().default(0),
    texts: p.integer().default(0),
    failures: p.integer().default(0),
    /** Those of requests under way are an upper bound. */
    tokens: p.bigint("string").defaultRaw("0"),
  },
});

export const vectorEntities = [EmbeddingModel, Vector, PassageVector, SiteEmbedding, EmbeddingChoice, EmbeddingDay];
