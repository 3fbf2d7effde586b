import type OpenAI from "openai";
import type { Threads } from "../provider.ts";
import { idOf, ifPresent } from "../openai/threads.ts";
import { toError } from "../openai/to-error.ts";
import { limitedCall } from "../upstream/limited-call.ts";

/** As many as a new thread takes; more are added one by one. */
const firstMessages = 32;

interface ThreadsOptions {
  client: OpenAI;
  apiKey: string;
  /** For each call, in milliseconds. */
  maxMs: number;
}

/** The threads of the Assistants API. */
export function createThreads({ client, apiKey, maxMs }: ThreadsOptions): Threads {
  const { threads } = client.beta;
  type Limits = { signal: AbortSignal };
  const call = <T>(signal: AbortSignal, make: (limits: Limits) => Promise<T>) =>
    limitedCall((limited) => make({ signal: limited }), { signal, maxMs, toError: (error) => toError(error, apiKey) });

  const deleteThread = async (threadId: string, signal: AbortSignal) => {
    await ifPresent(call(signal, (limits) => threads.delete(threadId, limits)));
  };

  return {
    required: true,
    async create(turns, signal) {
      const messages = turns.map(({ role, text }) => ({ role, content: text }));
      const made = await call(signal, (limits) =>
        threads.create({ messages: messages.slice(0, firstMessages) }, limits),
      );
      const id = idOf(made);
      try {
        for (const message of messages.slice(firstMessages)) {
          await call(signal, (limits) => threads.messages.create(id, message, limits));
        }
      } catch (error) {
        // Nobody else will ever know its id. Not waited for: whoever gave up must hear of it at once.
        void deleteThread(id, new AbortController().signal).catch(() => {});
        throw error;
      }
      return id;
    },
    delete: deleteThread,
  };
}
