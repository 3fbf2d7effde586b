import type { ActionCard, ActionState } from "../../../../shared/protocol/actions/action-card.ts";
import type { ChatStore } from "../chat-store.ts";
import type { OpenConversation } from "../open-conversation.ts";

/** States in which an action goes on. From all others, it does not. */
const passing: readonly ActionState[] = ["waiting", "confirmed", "sent"];

/** True for an action without an outcome yet. */
export function isUnsettled(action: ActionCard): boolean {
  return stage(action) < passing.length;
}

/** Shows actions as a read or an event has them. */
export function showActions(
  store: ChatStore,
  conversation: OpenConversation,
  incoming: readonly ActionCard[] = [],
): void {
  conversation.actions = withActions(conversation.actions, incoming);
  store.publish();
}

/** Adds actions, and replaces those that have moved on: a read may be older than an event. */
export function withActions(known: readonly ActionCard[], incoming: readonly ActionCard[]): readonly ActionCard[] {
  const byId = new Map(known.map((action) => [action.id, action]));
  for (const action of incoming) {
    const there = byId.get(action.id);
    if (there === undefined || stage(action) >= stage(there)) byId.set(action.id, { ...there, ...action });
  }
  return [...byId.values()];
}

function stage({ state }: ActionCard): number {
  return [...passing, state].indexOf(state);
}
