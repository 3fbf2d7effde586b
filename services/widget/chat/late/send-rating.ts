import type { Rating } from "../../../../shared/protocol/conversation.ts";
import type { FeedbackReason } from "../../../../shared/protocol/feedback.ts";
import type { ChatStore } from "../chat-store.ts";
import type { ReplyItem } from "../items.ts";

export interface RatingSent {
  readonly rating?: Rating | undefined;
  readonly comment: string | undefined;
  readonly reason: FeedbackReason | undefined;
}

/** A rating that is shown. */
interface Rated {
  /** The reply as it was before. */
  readonly reply: ReplyItem;
  readonly feedback: RatingSent;
  /** Shows another rating. */
  readonly show: (rated: Pick<RatingSent, "rating">) => void;
}

/** Sends a rating, and reverts it if the service refuses it. */
export async function sendRating(store: ChatStore, { reply, feedback, show }: Rated): Promise<void> {
  const { conversation } = store;
  const { access, lifetime } = conversation;
  const { signal } = lifetime;
  const { key, id: messageId = "", rating: before } = reply;
  const { rating = null, comment, reason } = feedback;
  const rated = { messageId, token: access?.token };
  const send = async (): Promise<void> => {
    try {
      await store.withRetry("read", signal, () =>
        store.client.feedback(rated, { rating, comment, reason }, { signal }),
      );
    } catch (error) {
      if ((error as Error).name !== "ServiceError") throw error;
      const now = conversation.items.find((item): item is ReplyItem => item.sender === "ai" && item.key === key);
      if (now && now.rating === feedback.rating) show({ rating: before });
    }
  };
  // Ratings are sent one after the other, so the last one wins.
  const sent = store.lastRating.then(send);
  store.lastRating = sent.catch(() => undefined);
  await sent;
}
