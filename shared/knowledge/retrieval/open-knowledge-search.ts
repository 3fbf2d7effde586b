import type { Pool } from "pg";
import type { Logger } from "../../logger.ts";
import type { EmbeddingSettings } from "../embeddings/embedding-client.ts";
import { KnowledgeSearch } from "./knowledge-search.ts";

/**
 * Opens the search of a process. What finds by vectors is loaded only where an embeddings endpoint is configured.
 * @param options.withinMs time that vectors have, if not that of a reply
 */
export async function openKnowledgeSearch(
  pool: Pool,
  settings: EmbeddingSettings,
  log: Logger,
  { withinMs }: { withinMs?: number } = {},
): Promise<KnowledgeSearch> {
  const { EMBEDDINGS_BASE_URL } = settings;
  if (EMBEDDINGS_BASE_URL === undefined) return new KnowledgeSearch(pool);
  const { openEmbeddings } = await import("../embeddings/embedding-client.ts");
  const { VectorSearch } = await import("./vector-search.ts");
  const embed = openEmbeddings({ ...settings, EMBEDDINGS_BASE_URL });
  return new KnowledgeSearch(pool, new VectorSearch({ pool, embed, log, withinMs }));
}
