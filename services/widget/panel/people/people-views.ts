import { html, nothing } from "lit/html.js";
import type { Language } from "../../i18n/languages.ts";
import { loadPeopleStrings } from "../../i18n/people/people-strings.ts";
import type { PartHost } from "../late-part.ts";
import type { PeopleViews } from "../view-model.ts";
import { menuItem, peopleBar } from "./people-bar.ts";
import styles from "./people.css";
import { isolate, type PeopleContext, personMessage, personTyping } from "./person-message.ts";
import { RatingPart } from "./rating-part.ts";

export const peopleStyles = styles;

/**
 * Loads the parts of the panel that show people, once there may be some.
 * @param face is the panel's own: importing it would split the panel's file
 * @param host absent in a page that was loaded before an update: it asks for no rating
 * @throws if the strings cannot be loaded
 */
export async function loadPeopleViews(
  language: Language,
  face: PeopleContext["face"],
  host?: PartHost,
): Promise<PeopleViews> {
  const context: PeopleContext = { strings: await loadPeopleStrings(language), face };
  const rating = host && new RatingPart(host, language);
  return {
    message: (message, first, view) => personMessage(context, message, first, view),
    lines: (key, { state }) =>
      state.handling.lines
        .filter(({ after }) => after === key)
        .map(({ text }) => html`<p class="line" part="service-line" dir="auto">${text}</p>`),
    typing: ({ state: { handling } }) =>
      handling.typing === undefined ? nothing : personTyping(context.strings.typing(isolate(handling.typing))),
    bar: (view) => [rating?.view(view), peopleBar(context, view)],
    menuItem: (view) => menuItem(context, view),
  };
}
