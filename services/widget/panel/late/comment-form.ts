import { html, type TemplateResult } from "lit/html.js";
import type { FeedbackReason } from "../../../../shared/protocol/feedback.ts";
import type { ReplyMessage } from "../../chat/chat-state.ts";
import type { LateStrings } from "../../i18n/late/late-strings.ts";
import type { ViewModel } from "../view-model.ts";

/** Form in which the visitor says what was wrong with a reply. */
export function commentForm(
  strings: LateStrings,
  { key, rating }: ReplyMessage,
  { actions, settings }: ViewModel,
): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const comment = (given.get("comment") as string).trim();
    const reason = given.get("reason") as FeedbackReason | null;
    actions.comment(key, rating, { ...(comment && { comment }), ...(reason && { reason }) });
  };
  return html`<form class="comment" @submit=${submit}>
    <fieldset>
      <legend class="visually-hidden">${strings.reason}</legend>
      ${Object.entries(strings.reasons).map(
        ([reason, text]) => html`<label><input type="radio" name="reason" value=${reason} />${text}</label>`,
      )}
    </fieldset>
    <textarea
      name="comment"
      rows="2"
      maxlength="1000"
      dir="auto"
      lang=${settings.locale.tag}
      aria-label=${strings.comment}
      placeholder=${strings.comment}
    ></textarea>
    <p>
      <button type="button" class="plain" @click=${() => actions.comment(key, rating, {})}>${strings.cancel}</button>
      <button class="primary">${strings.sendComment}</button>
    </p>
  </form>`;
}
