import type { ServiceError } from "../../../../packages/client/source/service-error.ts";
import type { AnswerNews } from "../chat-state.ts";
import type { ChatStore } from "../chat-store.ts";
import type { showActions } from "./known-actions.ts";
import type { OpenConversation } from "../open-conversation.ts";

/**
 * Sends the visitor's answer to a card until the service has answered: the same answer counts once. Shows only what the
 * service has said. An answer on its way when the page ends is not sent again: the card shows whether it arrived.
 * @param show a function of the chat's first file: importing it would split that file
 */
export async function sendAnswer(
  store: ChatStore,
  { id, confirm }: { readonly id: string; readonly confirm: boolean },
  show: typeof showActions,
): Promise<void> {
  const { conversation, client, storage } = store;
  const { access, lifetime, answers } = conversation;
  const { signal } = lifetime;
  const action = conversation.actions.find((each) => each.id === id);
  if (!access || action?.state !== "waiting" || answers[id]?.sending !== undefined) return;
  tell(store, conversation, id, { sending: confirm });
  try {
    const answer = () => client.answerAction({ id, token: access.token }, confirm, { signal });
    const { token } = await store.withRetry("read", signal, answer);
    const renewed = { ...access, token };
    conversation.access = renewed;
    // Another tab may have left the conversation meanwhile.
    if (storage.get("conversation")?.conversationId === access.conversationId) storage.set("conversation", renewed);
    show(store, conversation, [{ ...action, state: confirm ? "confirmed" : "refused" }]);
    tell(store, conversation, id, {});
  } catch (error) {
    tell(store, conversation, id, {});
    if ((error as Error).name !== "ServiceError") throw error;
    const { state, code = "" } = error as ServiceError;
    // It waits on while a person has the conversation.
    if (state === undefined || state === "waiting") tell(store, conversation, id, { problem: code });
    else show(store, conversation, [{ ...action, state }]);
  }
  // The answer is a message with a reply of its own; after a refusal, a read shows what became of the card.
  conversation.readAt = undefined;
  store.saveTail();
  store.notifyTabs();
  store.runDueWork();
}

function tell(store: ChatStore, conversation: OpenConversation, id: string, news: AnswerNews): void {
  conversation.answers = { ...conversation.answers, [id]: news };
  store.publish();
}
