import type { Pool } from "pg";
import type { Logger } from "../../logger.ts";
import type { EmbeddingSettings } from "../embeddings/embedding-client.ts";
import { KnowledgeSearch } from "./knowledge-search.ts";

/**
 * Opens the search of a process. What finds by vectors is loaded only where an embeddings endpoint is configured.
 * @param options.withinMs time that vectors have, if not that of a reply
 * @param options.onCircuit told when the process stops asking the endpoint, and when it asks again
 */
export async function openKnowledgeSearch(
  pool: Pool,
  settings: EmbeddingSettings,
  log: Logger,
  options: { withinMs?: number; onCircuit?: ((isOpen: boolean) => void) | undefined } = {},
): Promise<KnowledgeSearch> {
  const { EMBEDDINGS_BASE_URL } = settings;
  if (EMBEDDINGS_BASE_URL === undefined) return new KnowledgeSearch(pool);
  const { openEmbeddings } = await import("../embeddings/embedding-client.ts");
  const { VectorSearch } = await import("./vector-search.ts");
  const { meterEmbeddings } = await import("../embeddings/metered-embeddings.ts");
  const client = openEmbeddings({ ...settings, EMBEDDINGS_BASE_URL });
  const embed = meterEmbeddings({ pool, embed: client, log, dailyTokens: settings.EMBEDDINGS_DAILY_TOKENS });
  return new KnowledgeSearch(pool, new VectorSearch({ pool, embed, log, ...options }));
}
