import type OpenAI from "openai";
import { z } from "zod";
import { ProviderError, type Threads } from "../provider.ts";
import { limitedCall } from "../upstream/limited-call.ts";
import { toError } from "./to-error.ts";
import { toItems } from "./to-request.ts";

/** As many as the API takes, and gives, in one call. */
const itemsPerCall = 20;
const itemsPerPage = 100;
/** A long conversation should be gone soon, and is not worth a burst. */
const deletionsAtOnce = 8;

interface ThreadsOptions {
  client: OpenAI;
  apiKey: string;
  /** For each call, in milliseconds. */
  maxMs: number;
}

/** OpenAI's Conversations. */
export function createThreads({ client: { conversations }, apiKey, maxMs }: ThreadsOptions): Threads {
  type Limits = { signal: AbortSignal };
  const call = <T>(signal: AbortSignal, make: (limits: Limits) => Promise<T>) =>
    limitedCall((limited) => make({ signal: limited }), { signal, maxMs, toError: (error) => toError(error, apiKey) });

  const deleteThread = async (threadId: string, signal: AbortSignal) => {
    const itemIds = await ifPresent(call(signal, (limits) => listItems(conversations, threadId, limits)));
    // What a conversation holds outlives it.
    for (const some of chunks(itemIds ?? [], deletionsAtOnce)) {
      const deletions = some.map((id) =>
        ifPresent(call(signal, (limits) => conversations.items.delete(id, { conversation_id: threadId }, limits))),
      );
      await Promise.all(deletions);
    }
    await ifPresent(call(signal, (limits) => conversations.delete(threadId, limits)));
  };

  return {
    required: false,
    async create(turns, signal) {
      const [first = [], ...rest] = chunks(turns, itemsPerCall);
      const made = await call(signal, (limits) => conversations.create({ items: toItems(first) }, limits));
      const id = idOf(made);
      try {
        for (const some of rest) {
          await call(signal, (limits) => conversations.items.create(id, { items: toItems(some) }, limits));
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

async function listItems(
  conversations: OpenAI["conversations"],
  threadId: string,
  limits: { signal: AbortSignal },
): Promise<string[]> {
  const ids: string[] = [];
  for await (const item of conversations.items.list(threadId, { limit: itemsPerPage }, limits)) ids.push(idOf(item));
  return ids;
}

/** @returns undefined for what is gone already */
export async function ifPresent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ProviderError && error.status === 404) return undefined;
    throw error;
  }
}

const withId = z.object({ id: z.string().min(1) });

/** @throws {ProviderError} `malformed`, for what a server says that does not speak this API */
export function idOf(made: unknown): string {
  const parsed = withId.safeParse(made);
  if (!parsed.success) throw new ProviderError("malformed", "the answer holds no id: check OPENAI_BASE_URL");
  return parsed.data.id;
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
