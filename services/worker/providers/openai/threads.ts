import type OpenAI from "openai";
import type { Threads } from "../provider.ts";
import { type SdkCall, idOf, ifPresent, mustBeDeleted, toPage } from "./calls.ts";
import { toItems } from "./to-request.ts";

/** Maximum items that the API accepts, and returns, in one call. */
const itemsPerCall = 20;
const itemsPerPage = 100;
/** A long conversation should be deleted soon, but does not justify a burst. */
const deletionsAtOnce = 8;

type Conversations = OpenAI["conversations"];

/** Threads as OpenAI Conversations. */
export function createConversationThreads({ conversations }: OpenAI, call: SdkCall): Threads {
  const deleteThread = (threadId: string, signal: AbortSignal) => deleteAll(conversations, call, threadId, signal);
  return {
    required: false,
    create: async (signal) => idOf(await call(signal, (options) => conversations.create({}, options))),
    async fill(threadId, turns, signal) {
      for (const items of chunks(toItems(turns), itemsPerCall)) {
        toPage(await call(signal, (options) => conversations.items.create(threadId, { items }, options)));
      }
    },
    delete: deleteThread,
  };
}

/** Deletes the items first, since they outlive their conversation. */
async function deleteAll(
  conversations: Conversations,
  call: SdkCall,
  threadId: string,
  signal: AbortSignal,
): Promise<void> {
  const itemIds = (await ifPresent(listItems(conversations, call, threadId, signal))) ?? [];
  const deleteItem = async (id: string) =>
    idOf(await call(signal, (options) => conversations.items.delete(id, { conversation_id: threadId }, options)));
  for (const ids of chunks(itemIds, deletionsAtOnce)) {
    await Promise.all(ids.map((id) => ifPresent(deleteItem(id))));
  }
  const answer = await ifPresent(call(signal, (options) => conversations.delete(threadId, options)));
  if (answer !== undefined) mustBeDeleted(answer);
}

/** Lists all items before the first is deleted: a page begins after the last item of the previous page. */
async function listItems(
  conversations: Conversations,
  call: SdkCall,
  threadId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const after = ids.at(-1);
    const query = { limit: itemsPerPage, ...(after !== undefined && { after }) };
    // Raw pages: the SDK reads any malformed answer as an empty page.
    const { data, has_more: hasMore } = await call(signal, async (options) => {
      const response = await conversations.items.list(threadId, query, options).asResponse();
      return toPage(await response.json());
    });
    ids.push(...data.map(({ id }) => id));
    if (!hasMore || data.length === 0) return ids;
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
