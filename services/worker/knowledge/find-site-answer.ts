import type { Pool } from "pg";
import { within } from "../../../shared/async/within.ts";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { EmbeddingSettings } from "../../../shared/knowledge/embeddings/embedding-client.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { SiteAnswer, SiteAnswers } from "./site-answer.ts";

/** Time that a search may take. A reply without passages is better than one that comes late. */
const limitMs = 1000;
/** Time of a process's first search, and of its first one of a site, whose index is loaded then. */
const loadLimitMs = 5000;

/** Loads the knowledge of sites at the first message that needs it: neither boots nor chats without it pay for it. */
export class KnowledgeLoader {
  readonly #pool: Pool;
  readonly #settings: EmbeddingSettings;
  readonly #log: Logger;
  readonly #onCircuit: ((isOpen: boolean) => void) | undefined;
  #answers: Promise<SiteAnswers> | undefined;

  /**
   * @param settings an embeddings endpoint, if there is one
   * @param onCircuit told when the process stops asking that endpoint, and when it asks again
   */
  constructor(pool: Pool, settings: EmbeddingSettings, log: Logger, onCircuit?: (isOpen: boolean) => void) {
    this.#pool = pool;
    this.#settings = settings;
    this.#log = log;
    this.#onCircuit = onCircuit;
  }

  load(): Promise<SiteAnswers> {
    this.#answers ??= import("./site-answer.ts").then((module) =>
      module.openSiteAnswers(this.#pool, this.#settings, this.#log, this.#onCircuit),
    );
    return this.#answers;
  }
}

/**
 * Finds what the site's knowledge says to a job's message. It never fails a reply.
 * @returns `undefined` if there is no knowledge, or it could not be read in time
 */
export async function findSiteAnswer(
  knowledge: KnowledgeLoader,
  { knowsSite, siteId, assistantType, history }: ClaimedJob,
  { maxHistoryTokens }: Pick<Assistant, "maxHistoryTokens">,
  log: Logger,
): Promise<SiteAnswer | undefined> {
  if (!knowsSite) return undefined;
  const messages = history.filter(({ sender }) => sender === "user").map(({ text }) => text);
  const asked = { siteId, assistant: assistantType, messages, maxTokens: maxHistoryTokens };
  try {
    const answers = await within(loadLimitMs, knowledge.load());
    return await within(answers.isLoaded(siteId) ? limitMs : loadLimitMs, answers.find(asked));
  } catch (error) {
    log.warn({ err: error }, "could not search the site's knowledge: replying without it");
    return undefined;
  }
}
