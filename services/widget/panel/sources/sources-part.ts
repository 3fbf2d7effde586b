import type { ChatState } from "../../chat/chat-state.ts";
import { LatePart, type PartHost } from "../late-part.ts";
import type { SourceViews } from "../view-model.ts";

/** Views of the sources that replies name, loaded once one does. Until then, replies are texts without numbers. */
export function sourcesPart(host: PartHost): LatePart<SourceViews> {
  return new LatePart(host, hasSources, async (locale) => {
    const { sourceStyles, sourceViewsIn } = await import("./source-views.ts");
    return { views: sourceViewsIn(locale), styles: sourceStyles };
  });
}

function hasSources({ messages }: ChatState): boolean {
  return messages.some((message) => message.sender === "ai" && message.sources?.length);
}
