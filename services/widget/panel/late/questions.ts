import { html, type TemplateResult } from "lit/html.js";
import type { LateStrings } from "../../i18n/late/late-strings.ts";
import type { ViewModel } from "../view-model.ts";

/** Question before an action that cannot be undone. */
export function confirmation(strings: LateStrings, { ui, actions }: ViewModel): TemplateResult {
  const erases = ui.confirming === "delete";
  const { title, text, yes } = erases ? strings.confirmDelete : strings.confirmNew;
  const act = () => (erases ? actions.deleteData(strings.deleting) : actions.startNew());
  return html`<div class="backdrop">
    <div
      class="question"
      role="alertdialog"
      aria-modal="true"
      aria-labelledby="question"
      aria-describedby="consequence"
    >
      <p id="question">${title}</p>
      <p id="consequence">${text}</p>
      <p class="buttons">
        <button type="button" class="secondary" @click=${() => actions.confirm(undefined)}>${strings.cancel}</button>
        <button type="button" class=${erases ? "primary danger" : "primary"} @click=${act}>${yes}</button>
      </p>
    </div>
  </div>`;
}

/** Asks the visitor to agree before the first message is sent; stands in the place of the message field. */
export function consentRequest(strings: LateStrings, link: unknown, { actions }: ViewModel): TemplateResult {
  return html`<div class="consent" part="consent" role="group" aria-labelledby="consent">
    <p id="consent">${strings.consent} ${link}</p>
    <button type="button" class="primary" aria-describedby="consent" @click=${actions.giveConsent}>
      ${strings.agree}
    </button>
  </div>`;
}
