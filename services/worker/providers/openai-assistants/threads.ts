import type OpenAI from "openai";
import { type SdkCall, idOf, ifPresent, mustBeDeleted } from "../openai/calls.ts";
import type { Threads } from "../provider.ts";

/** Threads of the Assistants API. */
export function createAssistantThreads({ beta: { threads } }: OpenAI, call: SdkCall): Threads {
  const deleteThread = async (threadId: string, signal: AbortSignal) => {
    const answer = await ifPresent(call(signal, (options) => threads.delete(threadId, options)));
    if (answer !== undefined) mustBeDeleted(answer);
  };
  return {
    required: true,
    create: async (signal) => idOf(await call(signal, (options) => threads.create({}, options))),
    // The API accepts several messages only while it creates a thread, whose id is not known until then.
    async fill(threadId, turns, signal) {
      for (const { role, text } of turns) {
        idOf(await call(signal, (options) => threads.messages.create(threadId, { role, content: text }, options)));
      }
    },
    delete: deleteThread,
  };
}
