import type { ChatState } from "../../chat/chat-state.ts";
import { type CardStrings, loadCardStrings } from "../../i18n/cards/card-strings.ts";
import type { Language } from "../../i18n/languages.ts";
import type { PartHost } from "../late-part.ts";
import type { CardViews, ViewModel } from "../view-model.ts";
import { cardView, isolated, type ShownAction, stateText } from "./card-view.ts";
import styles from "./cards.css";

export const cardStyles = styles;

/**
 * Loads the cards of actions, once there is one.
 * @throws if the strings cannot be loaded
 */
export async function loadCardViews(language: Language, { announce }: Pick<PartHost, "announce">): Promise<CardViews> {
  const strings = await loadCardStrings(language);
  let known = new Map<string, string>();

  return {
    after: (key, view) => cardsAfter(key, view).map((action) => cardView(strings, action, view)),
    announce: (state) => {
      const actions = shownActions(state);
      const before = known;
      known = new Map(actions.map((action) => [action.id, standing(strings, action)]));
      for (const action of actions) {
        const [was, is = ""] = [before.get(action.id), known.get(action.id)];
        if (was === undefined && is === "") announce(say(action, strings.question));
        else if (was !== undefined && is !== was) announce(`${isolated(action.title)}: ${is}`);
      }
    },
  };
}

/** Words about how it stands with an action; none while it waits for the visitor. */
function standing(strings: CardStrings, action: ShownAction): string {
  return [stateText(strings, action), action.result].filter((text) => text !== undefined).join(" ");
}

function say({ title, lines }: ShownAction, end: string): string {
  return (
    [title, ...lines.map(({ label, value }) => `${label}: ${value}`)].map((text) => `${isolated(text)}.`).join(" ") +
    ` ${end}`
  );
}

/** Cards that stand after a message: the reply that proposed them, or the newest one. */
function cardsAfter(key: string, { state }: ViewModel): readonly ShownAction[] {
  const { messages } = state;
  return shownActions(state).filter((action) => {
    const at = messages.findIndex(({ id }) => id !== undefined && id === action.messageId);
    const isAnswered = at >= 0 && messages[at + 1]?.sender === "ai";
    // One whose message is not shown must still be answered.
    const place = at < 0 && action.state === "waiting" ? messages.length - 1 : at + Number(isAnswered);
    return messages[place]?.key === key;
  });
}

function shownActions({ actions, answers }: ChatState): readonly ShownAction[] {
  return actions.map((action) => ({ ...action, ...answers[action.id] }));
}
