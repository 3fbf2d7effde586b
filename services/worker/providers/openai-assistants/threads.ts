import type OpenAI from "openai";
import { type Call, fillOrDelete, idOf, ifPresent, mustBeDeleted } from "../openai/calls.ts";
import type { Threads } from "../provider.ts";

/** As many as a new thread takes; more are added one by one. */
const firstMessages = 32;

/** The threads of the Assistants API. */
export function createThreads({ beta: { threads } }: OpenAI, call: Call): Threads {
  const deleteThread = async (threadId: string, signal: AbortSignal) => {
    const answer = await ifPresent(call(signal, (options) => threads.delete(threadId, options)));
    if (answer !== undefined) mustBeDeleted(answer);
  };
  return {
    required: true,
    async create(turns, signal) {
      const all = turns.map(({ role, text }) => ({ role, content: text }));
      const body = all.length === 0 ? {} : { messages: all.slice(0, firstMessages) };
      const id = idOf(await call(signal, (options) => threads.create(body, options)));
      const fill = async () => {
        for (const message of all.slice(firstMessages)) {
          await call(signal, (options) => threads.messages.create(id, message, options));
        }
      };
      await fillOrDelete(fill, (cleanUp) => deleteThread(id, cleanUp));
      return id;
    },
    delete: deleteThread,
  };
}
