import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { type ClaimedJob, maxPromptMessages } from "../../../shared/db/jobs/claim.ts";
import { bindThread, discardThread } from "../../../shared/db/conversations/threads.ts";
import type { Logger } from "../../../shared/logger.ts";
import { Stopped } from "./leases.ts";
import type { Provider, ProviderRequest, Threads } from "../providers/provider.ts";
import { untilStored } from "./until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

/** True if the provider answers the conversations of the assistant in threads. */
export function wantsThread({ threads }: Pick<Provider, "threads">, { state }: Pick<Assistant, "state">): boolean {
  return threads !== undefined && (threads.required || state === "provider");
}

/**
 * Provider-side state used by one run. A thread is trusted only while unbroken: created or continued by every earlier
 * turn, and not yet used by this job. Otherwise a new thread is created from our own history.
 */
export class Thread {
  readonly #context: Pick<WorkerContext, "db" | "reclaimGuard">;
  readonly #job: ClaimedJob;
  readonly #log: Logger;
  /** True once this job has called the provider with the thread, so its content is uncertain. */
  #touched = false;

  constructor(context: Pick<WorkerContext, "db" | "reclaimGuard">, job: ClaimedJob, log: Logger) {
    this.#context = context;
    this.#job = job;
    this.#log = log;
  }

  /** Adds a thread to the request where the assistant or the provider wants one. */
  async attachTo(request: ProviderRequest, provider: Provider, signal: AbortSignal): Promise<ProviderRequest> {
    const { threads } = provider;
    const { assistant } = request;
    if (!threads || !wantsThread(provider, assistant)) return request;
    const { thread, attempt, previousTurn, history } = this.#job;
    const unbroken =
      attempt === 1 && !this.#touched && thread?.provider === provider.name && thread.turn === previousTurn;
    // The cost of a call has no known bound if the thread may hold more than our history.
    const mayBeTooDear = assistant.budget !== undefined && history.length >= maxPromptMessages;
    this.#touched = true;
    return {
      ...request,
      threadId: unbroken && !mayBeTooDear ? thread.id : await this.#make(threads, request, provider, signal),
    };
  }

  async #make(threads: Threads, request: ProviderRequest, provider: Provider, signal: AbortSignal): Promise<string> {
    const { db, reclaimGuard } = this.#context;
    const id = await threads.create(signal);
    const thread = { provider: provider.name, id };
    const persist = { reclaimGuard, log: this.#log };
    if (!(await untilStored(() => bindThread(db.pool, this.#job, thread), persist))) {
      await untilStored(() => discardThread(db.pool, thread), persist);
      throw new Stopped("lost");
    }
    await threads.fill(id, request.prompt.slice(0, -1), signal);
    return id;
  }
}
