import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { type ClaimedJob, maxPromptMessages } from "../../../shared/db/jobs/claim.ts";
import { bindThread, discardThread } from "../../../shared/db/conversations/threads.ts";
import type { Logger } from "../../../shared/logger.ts";
import { Stopped } from "./leases.ts";
import type { Provider, ProviderRequest, Threads } from "../providers/provider.ts";
import { untilStored } from "./until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

/** Whether a provider answers an assistant's conversations in threads. */
export function wantsThread({ threads }: Pick<Provider, "threads">, { state }: Pick<Assistant, "state">): boolean {
  return threads !== undefined && (threads.required || state === "provider");
}

/**
 * The provider-side state one run uses. It is trusted only while unbroken: made or continued by every turn before, and
 * untouched by this job so far. Else a new thread is made from our own history.
 */
export class Thread {
  readonly #context: WorkerContext;
  readonly #job: ClaimedJob;
  readonly #log: Logger;
  /** A call of this job has been made with it: what it holds is not known. */
  #touched = false;

  constructor(context: WorkerContext, job: ClaimedJob, log: Logger) {
    this.#context = context;
    this.#job = job;
    this.#log = log;
  }

  /** The request as it goes to this provider: with a thread where the assistant or the provider wants one. */
  async attachTo(request: ProviderRequest, provider: Provider, signal: AbortSignal): Promise<ProviderRequest> {
    const { threads } = provider;
    const { assistant } = request;
    if (!threads || !wantsThread(provider, assistant)) return request;
    const { thread, attempt, previousTurn, history } = this.#job;
    const unbroken =
      attempt === 1 && !this.#touched && thread?.provider === provider.name && thread.turn === previousTurn;
    // Where we do not have all that it may hold, nobody can say what a call in it costs.
    const mayBeTooDear = assistant.budget !== undefined && history.length >= maxPromptMessages;
    this.#touched = true;
    return {
      ...request,
      threadId: unbroken && !mayBeTooDear ? thread.id : await this.#make(threads, request, provider, signal),
    };
  }

  async #make(threads: Threads, request: ProviderRequest, provider: Provider, signal: AbortSignal): Promise<string> {
    const { db, takeOvers } = this.#context;
    const id = await threads.create(signal);
    const thread = { provider: provider.name, id };
    const persist = { takeOvers, log: this.#log };
    if (!(await untilStored(() => bindThread(db.pool, this.#job, thread), persist))) {
      await untilStored(() => discardThread(db.pool, thread), persist);
      throw new Stopped("lost");
    }
    await threads.fill(id, request.prompt.slice(0, -1), signal);
    return id;
  }
}
