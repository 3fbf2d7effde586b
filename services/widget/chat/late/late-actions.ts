import type { StretchRatingRequest } from "../../../../shared/protocol/people/stretch-rating.ts";
import type { ServiceError } from "../../../../packages/client/source/service-error.ts";
import type { HandoffWish } from "../chat-state.ts";
import type { ChatStore } from "../chat-store.ts";
import { sendAnswer } from "../actions/send-answer.ts";
import { readEarlier } from "./earlier-conversations.ts";
import { loadOlder } from "./older-messages.ts";
import { sendRating } from "./send-rating.ts";

/** Actions that few visitors need, as they are loaded at the first use of one of them. */
export const lateActions = {
  readEarlier,
  loadOlder,
  sendAnswer,
  sendRating,
  changeHandling,
  noteSeen,
  rateStretch,
  readTranscript,
  noteTyping,
};

/** Interval of notes to a person who answers. */
const typingMs = 3_000;

/**
 * Asks that a person answers or, with `null`, that the assistant does again, and shows who answers then. Sends one request
 * at a time, until there is an answer.
 */
async function changeHandling(store: ChatStore, wish: HandoffWish | null): Promise<void> {
  const { conversation } = store;
  const { access, lifetime, handlingNews } = conversation;
  const { signal } = lifetime;
  if (!access || handlingNews.asking === true) return;
  store.tellOfHandling(conversation, { asking: true, problem: undefined });
  try {
    const request = wish && ({ reason: "asked", ...wish } as const);
    const answer = await store.withRetry("read", signal, () => store.client.handOff(access, request, { signal }));
    const email = wish?.email === null ? "" : wish?.email;
    // The words of the service about it arrive as an event.
    store.setHandling(conversation, { ...answer, email });
    // The assistant may have begun to answer what was said meanwhile.
    if (answer.handledBy === "ai") conversation.readAt = undefined;
  } catch (error) {
    if ((error as Error).name !== "ServiceError") throw error;
    store.tellOfHandling(conversation, { problem: (error as ServiceError).code ?? "" });
    // Somebody else has changed who answers, or the conversation is gone.
    conversation.readAt = undefined;
  } finally {
    store.tellOfHandling(conversation, { asking: false });
  }
  store.saveTail();
  store.notifyTabs();
  store.runDueWork();
}

/** Says how it went with a person. A page that was loaded before an update never asks, and has no use for this. */
async function rateStretch(store: ChatStore, stretch: number, answer: StretchRatingRequest): Promise<void> {
  const { conversation, client } = store;
  const { access, lifetime } = conversation;
  const { signal } = lifetime;
  if (!access) return;
  store.tellOfHandling(conversation, { rated: stretch });
  const send = async () => {
    try {
      await store.withRetry("read", signal, () => client.rateStretch(access, stretch, answer, { signal }));
    } catch (error) {
      // The conversation is gone: there is nothing to say about it.
      if ((error as Error).name !== "ServiceError") throw error;
    }
    const { ratingAsked, ...handling } = conversation.handling;
    if (ratingAsked?.stretch !== stretch) return;
    store.setHandling(conversation, handling);
    store.saveTail();
    store.notifyTabs();
  };
  // One after the other, so the last answer wins.
  const sent = store.lastRating.then(send);
  store.lastRating = sent.catch(() => undefined);
  await sent;
}

/** Reads the conversation as a text, without a retry: the visitor sees whether it arrived. */
async function readTranscript({ conversation, client }: ChatStore): Promise<string | undefined> {
  const { access, lifetime } = conversation;
  const { signal } = lifetime;
  try {
    return access && (await client.transcript(access, { signal }));
  } catch (error) {
    if ((error as Error).name === "ServiceError" || signal.aborted) return undefined;
    throw error;
  }
}

/** Times at which a person was last shown that the visitor types (`performance.now()`). */
const notedAt = new WeakMap<ChatStore, number>();

/** Shows a person that the visitor is typing. It may be lost. */
async function noteTyping(store: ChatStore): Promise<void> {
  const { conversation, client } = store;
  const { access, lifetime } = conversation;
  const now = performance.now();
  if (!access || now - (notedAt.get(store) ?? -Infinity) < typingMs) return;
  notedAt.set(store, now);
  await client.typing(access, { signal: lifetime.signal }).catch(() => undefined);
}

/** Says that the visitor has seen a person's message, so that no mail tells of it. A mail too many is no harm. */
async function noteSeen(store: ChatStore, messageId: string): Promise<void> {
  const { conversation, client } = store;
  const { access, lifetime } = conversation;
  if (access) await client.seen(access, { messageId }, { signal: lifetime.signal }).catch(() => undefined);
}
