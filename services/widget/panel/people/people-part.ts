import type { ChatState } from "../../chat/chat-state.ts";
import { face } from "../face.ts";
import { LatePart, type PartHost } from "../late-part.ts";
import type { PeopleViews } from "../view-model.ts";

const noPeople: ChatState["handling"] = { handledBy: "ai", lines: [] };

/** Completes the state of the chat of an earlier version, which a page may have that was loaded before an update. */
export function withHandling(
  state: Omit<ChatState, "actions" | "handling"> & Partial<Pick<ChatState, "actions" | "handling">>,
): ChatState {
  return { handling: noPeople, actions: [], ...state };
}

/** Views of people, loaded once there may be some. Until then, messages of people are plain lines. */
export function peoplePart(host: PartHost): LatePart<PeopleViews> {
  return new LatePart(host, mayHavePeople, async ({ language }) => {
    const { loadPeopleViews, peopleStyles } = await import("./people-views.ts");
    return { views: await loadPeopleViews(language, face, host), styles: peopleStyles };
  });
}

function mayHavePeople({ assistant, handling, messages }: ChatState): boolean {
  if (handling === noPeople) return false;
  return (
    assistant?.people === true || handling.handledBy !== "ai" || messages.some(({ sender }) => sender === "operator")
  );
}
