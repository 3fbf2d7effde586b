import type { Pool } from "pg";
import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import {
  findEmbeddingModel,
  holdEmbeddingModel,
  readHeldModel,
} from "../../../shared/db/knowledge/embedding-models.ts";
import type { EmbeddingModel } from "../../../shared/knowledge/embeddings/embedding-client.ts";
import type { Logger } from "../../../shared/logger.ts";
import { modelHeldMs } from "../../../shared/tunables.ts";

const logEveryMs = 60_000;

/**
 * One model for the vectors of all processes: the first one stays as long as a process that is configured with it runs. Two
 * that took turns would make all vectors again and again.
 */
export class ModelHold {
  readonly #pool: Pool;
  readonly #log: Logger;
  readonly #model: EmbeddingModel;
  readonly #mayLog = atMostEvery(logEveryMs);

  constructor({ pool, log, model }: { pool: Pool; log: Logger; model: EmbeddingModel }) {
    this.#pool = pool;
    this.#log = log;
    this.#model = model;
  }

  /** @returns the number of this process's model; `undefined` while another one is held */
  async take(): Promise<number | undefined> {
    const modelId = await findEmbeddingModel(this.#pool, this.#model);
    if (await holdEmbeddingModel(this.#pool, modelId)) return modelId;
    if (this.#mayLog()) {
      const held = await readHeldModel(this.#pool);
      const models = { configured: this.#model, held };
      this.#log.warn(models, "makes no vectors: another process is configured with another embeddings model");
    }
    return undefined;
  }

  /** Keeps the model while requests take longer than it is held; returns a function that ends it. */
  keep(): () => Promise<void> {
    return repeat(modelHeldMs / 3, async () => {
      await this.take().catch((error: unknown) => this.#log.debug({ err: error }, "could not hold a model"));
    });
  }
}
