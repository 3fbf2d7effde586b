import type { ChatState } from "../../chat/chat-state.ts";
import { LatePart, type PartHost } from "../late-part.ts";
import type { CardViews } from "../view-model.ts";

/** Cards of actions, loaded once there is one. Without its card, nothing can be confirmed. */
export function cardsPart(host: PartHost): LatePart<CardViews> {
  return new LatePart(host, hasActions, async ({ language }) => {
    const { loadCardViews, cardStyles } = await import("./card-views.ts");
    return { views: await loadCardViews(language, host), styles: cardStyles };
  });
}

function hasActions({ actions }: ChatState): boolean {
  return actions.length > 0;
}
