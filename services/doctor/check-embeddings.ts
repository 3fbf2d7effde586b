import { describeError } from "../../shared/describe-error.ts";
import {
  configuredModel,
  type EmbeddingSettings,
  openEmbeddings,
} from "../../shared/knowledge/embeddings/embedding-client.ts";
import { fault, type Finding, ok } from "./findings.ts";

const answerMs = 15_000;

/** Asks the embeddings endpoint, if there is one, for the vector of one word, which costs next to nothing. */
export async function checkEmbeddings(settings: EmbeddingSettings): Promise<Finding[]> {
  const { EMBEDDINGS_BASE_URL } = settings;
  if (EMBEDDINGS_BASE_URL === undefined) return [];
  const { host } = new URL(EMBEDDINGS_BASE_URL);
  const model = configuredModel(settings);
  try {
    const embed = openEmbeddings({ ...settings, EMBEDDINGS_BASE_URL });
    const began = performance.now();
    const { vectors } = await embed(["Hello"], { model, signal: AbortSignal.timeout(answerMs) });
    const ms = Math.round(performance.now() - began);
    return [ok(`embeddings: ${host} answers ${vectors[0]?.length ?? 0} numbers of ${model.name} in ${ms} ms`)];
  } catch (error) {
    const fix = "check EMBEDDINGS_BASE_URL, EMBEDDINGS_API_KEY, EMBEDDINGS_MODEL and EMBEDDINGS_DIMENSIONS";
    return [fault(`embeddings: ${host}: ${describeError(error)}`, fix)];
  }
}
