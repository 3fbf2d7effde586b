import type { ReplySourceView } from "../../../shared/protocol/knowledge/reply-source.ts";
import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import type { ReplyBox } from "./reply-box.ts";

/** Draft of an answer that the assistant writes for the operator. */
export interface Suggested {
  /** `offered`: the box had a text of its own when it came. */
  readonly state: "writing" | "offered" | "taken" | "failed";
  readonly text: string;
  readonly sources: readonly ReplySourceView[];
  /** Why there is none, as the service says it, or the problem that it had. */
  readonly problem?: ServiceProblem | undefined;
}

const none = { text: "", sources: [] };
/** The service calls a suggestion lost before. */
const patienceMs = 75_000;
const pauseMs = 1000;

/** Suggestions for the boxes of conversations. None is sent by itself, and none is kept beyond a reload. */
export class Suggestions {
  readonly #api: OperatorApi;
  readonly #box: ReplyBox;
  readonly #changed: () => void;
  readonly #all = new Map<string, Suggested>();

  constructor(api: OperatorApi, box: ReplyBox, changed: () => void) {
    this.#api = api;
    this.#box = box;
    this.#changed = changed;
  }

  of(conversationId: string): Suggested | undefined {
    return this.#all.get(conversationId);
  }

  /** Asks for one, and puts its words into the box if that is empty. */
  async ask(conversationId: string): Promise<void> {
    if (this.of(conversationId)?.state === "writing") return;
    this.#put(conversationId, { ...none, state: "writing" });
    try {
      const { id } = await this.#api.suggest(conversationId);
      const { text, sources = [], error } = await this.#await(conversationId, id);
      if (text === undefined) throw new ServiceProblem(error?.message ?? "", { status: 200 });
      this.#put(conversationId, { state: "offered", text, sources });
      if (this.#box.of(conversationId).text === "") this.take(conversationId);
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.#put(conversationId, { ...none, state: "failed", problem: error });
    }
  }

  /** Puts the words of a suggestion into the box. */
  take(conversationId: string): void {
    const offered = this.of(conversationId);
    if (offered?.state !== "offered" || !this.#box.fill(conversationId, offered.text)) return;
    this.#put(conversationId, { ...offered, state: "taken" });
  }

  /** Forgets it, once the box was sent or emptied. */
  forget(conversationId: string): void {
    if (this.of(conversationId)?.state === "writing") return;
    this.#all.delete(conversationId);
    this.#changed();
  }

  async #await(conversationId: string, id: string) {
    const until = Date.now() + patienceMs;
    for (;;) {
      try {
        const seen = await this.#api.suggestion(conversationId, id);
        if (seen.status !== "writing") return seen;
      } catch (error) {
        if (!(error instanceof ServiceProblem) || !error.passes || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      if (Date.now() > until) throw new ServiceProblem("", { status: 0 });
    }
  }

  #put(conversationId: string, suggested: Suggested): void {
    this.#all.set(conversationId, suggested);
    this.#changed();
  }
}
