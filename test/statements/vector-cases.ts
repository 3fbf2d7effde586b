import type { Pool } from "pg";
import { z } from "zod";
import * as models from "../../shared/db/knowledge/embedding-models.ts";
import * as use from "../../shared/db/knowledge/embedding-use.ts";
import * as work from "../../shared/db/knowledge/embedding-work.ts";
import { firstPassage } from "../../shared/db/knowledge/passages.ts";
import * as similar from "../../shared/db/knowledge/similar-passages.ts";
import * as garbage from "../../shared/db/knowledge/vector-garbage.ts";
import { defaultSite as siteId } from "../../shared/sites/default-site.ts";
import { buffer } from "./fixtures.ts";
import { storeSource } from "./knowledge-cases.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const bigint = z.string().regex(/^\d+$/);
const model = { name: "small", dimensions: 8 };
const code = "10101010";
const all = { after: firstPassage, until: "1000000", limit: 1000 };

/** Statements about vectors of passages. */
export const vectorCases: StatementCase[] = [
  reads(models.embeddingModelStatement, z.strictObject({ id: z.int() }), (pool) =>
    models.findEmbeddingModel(pool, model),
  ),
  reads(models.holdModelStatement, z.strictObject({ modelId: z.int() }), complete),
  reads(models.heldModelStatement, z.strictObject({ name: z.string(), dimensions: z.int() }), async (pool) => {
    await complete(pool);
    await models.readHeldModel(pool);
  }),
  reads(
    work.sitesToEmbedStatement,
    z.strictObject({ siteId: z.string(), revision: bigint, done: bigint }),
    async (pool) => {
      await claimed(pool);
      await work.readSitesToEmbed(pool, 0);
    },
  ),
  reads(
    work.claimPassagesStatement,
    z.strictObject({ id: bigint, revision: bigint, text: z.string(), textHash: buffer }),
    claimed,
  ),
  writes(work.releasePassagesStatement, async (pool) => {
    const { modelId, passages } = await claimed(pool);
    await work.releasePassages(
      pool,
      modelId,
      passages.map(({ id }) => id),
    );
  }),
  writes(work.storeVectorsStatement, embedded),
  reads(work.knownVectorsStatement, z.strictObject({ textHash: buffer, vector: buffer.nullable() }), async (pool) => {
    const { modelId, passages } = await embedded(pool);
    await work.readKnownVectors(
      pool,
      modelId,
      passages.map(({ textHash }) => textHash),
    );
  }),
  reads(work.completeSiteStatement, z.strictObject({ siteId: z.string() }), complete),
  reads(
    similar.siteModelStatement,
    z.strictObject({ id: z.int(), name: z.string(), dimensions: z.int(), revision: bigint }),
    async (pool) => {
      await complete(pool);
      await similar.readSiteModel(pool, siteId);
    },
  ),
  reads(
    similar.codesAfterStatement,
    z.strictObject({ id: bigint, revision: bigint, sourceId: z.string(), code: buffer }),
    async (pool) => similar.readCodesAfter(pool, { siteId, modelId: (await embedded(pool)).modelId }, all),
  ),
  reads(
    similar.passageVectorsStatement,
    z.strictObject({ passageId: bigint, textHash: buffer, vector: buffer }),
    async (pool) => {
      const { modelId, passages } = await embedded(pool);
      await similar.readPassageVectors(pool, { siteId, modelId, ids: passages.map(({ id }) => Number(id)) });
    },
  ),
  reads(use.reserveEmbeddingStatement, z.strictObject({ day: z.string() }), reserved),
  writes(use.settleEmbeddingStatement, async (pool) => {
    const day = await reserved(pool);
    if (day) await use.settleEmbedding(pool, day, { tokens: 3, failed: false });
  }),
  reads(
    use.embeddingUseStatement,
    z.strictObject({ calls: z.number(), texts: z.number(), failures: z.number(), tokens: z.number() }),
    (pool) => use.readEmbeddingUse(pool),
  ),
  ...[garbage.dropOldVectorsStatement, garbage.dropUnusedVectorsStatement].map((statement) =>
    writes(statement, async (pool) => {
      await complete(pool);
      await garbage.dropUnusedVectors(pool);
    }),
  ),
];

/** Claims the passages of a new source, for a model of its own. */
async function claimed(pool: Pool) {
  await storeSource(pool);
  const modelId = await models.findEmbeddingModel(pool, { ...model, name: `${Math.random()}` });
  return { modelId, passages: await work.claimPassages(pool, { siteId, modelId, ...all }) };
}

function reserved(pool: Pool) {
  return use.reserveEmbedding(pool, { siteId, texts: 1, tokens: 5 });
}

async function embedded(pool: Pool) {
  const { modelId, passages } = await claimed(pool);
  const vector = Buffer.alloc(16);
  await work.storeVectors(
    pool,
    modelId,
    passages.map(({ id, textHash }) => ({ id, textHash, vector, code })),
  );
  return { modelId, passages };
}

async function complete(pool: Pool) {
  const { modelId } = await embedded(pool);
  await pool.query("delete from embedding_choice");
  await models.holdEmbeddingModel(pool, modelId);
  await work.completeSite(pool, { siteId, modelId, revision: "1", done: "0" });
  return { modelId };
}
