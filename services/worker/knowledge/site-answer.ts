import type { Pool } from "pg";
import { leastSureness } from "../../../shared/knowledge/ranking/sureness.ts";
import type { EmbeddingSettings } from "../../../shared/knowledge/embeddings/embedding-client.ts";
import type { FoundPassage, KnowledgeSearch } from "../../../shared/knowledge/retrieval/knowledge-search.ts";
import { openKnowledgeSearch } from "../../../shared/knowledge/retrieval/open-knowledge-search.ts";
import type { Logger } from "../../../shared/logger.ts";
import { boundTokens } from "../money/token-bound.ts";
import type { PromptPassage, Provider } from "../providers/provider.ts";
import { withoutAtoms } from "./atoms.ts";
import { Citations } from "./citations.ts";
import { cutAtSentence } from "./pick-sentences.ts";
import { maxHeadingChars, maxTextChars } from "./prompt-passages.ts";
import { composeAnswer, createQuotingProvider } from "./quoted-answer.ts";
import { hashWords, mayAsk } from "./roots.ts";

/** Passages that a model is shown. */
const maxPassages = 6;

interface Asked {
  siteId: string;
  assistant: string;
  /** The visitor's messages, oldest first; the last one is answered. */
  messages: readonly string[];
  /** Limit of all passages together, as an upper bound of tokens; the first one is always shown. */
  maxTokens: number;
}

/** Opens the knowledge of all sites for this process. */
export async function openSiteAnswers(
  pool: Pool,
  settings: EmbeddingSettings,
  log: Logger,
  onCircuit?: (isOpen: boolean) => void,
): Promise<SiteAnswers> {
  return new SiteAnswers(await openKnowledgeSearch(pool, settings, log, { onCircuit }));
}

/** Knowledge of all sites in this process. A module of its own, as it is loaded when the first message needs it. */
export class SiteAnswers {
  readonly #search: KnowledgeSearch;

  constructor(search: KnowledgeSearch) {
    this.#search = search;
  }

  /** True if a search of the site need not load its index first. */
  isLoaded(siteId: string): boolean {
    return this.#search.isLoaded(siteId);
  }

  /** @returns what a message can be answered from; `undefined` if the assistant has no knowledge */
  async find({ siteId, assistant, messages, maxTokens }: Asked): Promise<SiteAnswer | undefined> {
    const question = messages.at(-1) ?? "";
    const found = await this.#search.find({
      siteId,
      assistant,
      question,
      earlier: messages.slice(-3, -1),
      limit: maxPassages,
    });
    if (!found.hasPassages) return undefined;
    return new SiteAnswer(question, fitting(found.passages, maxTokens), found.sureness);
  }
}

/** Passages of a site that were found for one message, and the answers that they allow. */
export class SiteAnswer {
  readonly #question: string;
  readonly #found: readonly FoundPassage[];
  readonly #sureness: number;
  /** Passages as a model sees them. */
  readonly passages: readonly PromptPassage[];

  constructor(question: string, found: readonly FoundPassage[], sureness: number) {
    this.#question = question;
    this.#found = found;
    this.#sureness = sureness;
    this.passages = found.map(toPrompt);
  }

  /** Ids of the passages, in the order of their numbers. */
  get ids(): { passageId: string; documentId: string; sourceId: string }[] {
    return this.#found.map(({ id: passageId, documentId, sourceId }) => ({ passageId, documentId, sourceId }));
  }

  /** Hash that groups equal questions; `undefined` for small talk. */
  get words(): Buffer | undefined {
    return mayAsk(this.#question) ? hashWords(this.#question) : undefined;
  }

  /** Begins the citations of a reply. */
  cite(): Citations {
    return new Citations(this.#found);
  }

  /** @returns a provider that answers with sentences of the passages; `undefined` if they are not sure enough */
  quoting(): Provider | undefined {
    if (this.#sureness < leastSureness) return undefined;
    const answer = composeAnswer(this.#found);
    return answer === undefined ? undefined : createQuotingProvider(answer);
  }
}

function toPrompt({ title, heading, text }: FoundPassage): PromptPassage {
  return {
    title: shorten(title ?? ""),
    heading: shorten(heading),
    text: cutAtSentence(withoutAtoms(text), maxTextChars),
  };
}

function shorten(line: string): string {
  return withoutAtoms(line).slice(0, maxHeadingChars).toWellFormed();
}

function fitting(passages: readonly FoundPassage[], maxTokens: number): FoundPassage[] {
  let tokens = 0;
  const count = passages.findIndex((passage) => {
    tokens += boundTokens(JSON.stringify(toPrompt(passage)));
    return tokens > maxTokens;
  });
  return passages.slice(0, count === -1 ? passages.length : Math.max(count, 1));
}
