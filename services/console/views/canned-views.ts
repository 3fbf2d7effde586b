import { html, nothing, type TemplateResult } from "lit/html.js";
import type { CannedReply } from "../../../shared/protocol/people/canned-replies.ts";
import { texts } from "../texts.ts";
import { problemText } from "./problem-text.ts";
import type { Screen } from "./screen.ts";

const { canned: words } = texts;

/** Id of the list that the box names as its own. */
export const cannedListId = "canned";

/** Canned replies that the box's text may mean, above it. */
export function cannedMatches(
  matches: readonly CannedReply[],
  { model, deeds }: Screen,
  take: (reply: CannedReply) => void,
): TemplateResult {
  const list = html`<ul id=${cannedListId} role="listbox" aria-label=${words.title}>
    ${matches.map(
      (reply, at) =>
        html`<li
          id=${`${cannedListId}-${at}`}
          role="option"
          aria-selected=${at === model.canned.chosen}
          @click=${() => take(reply)}
        >
          <b dir="auto">/${reply.shortcut}</b> <span dir="auto">${reply.text}</span>
        </li>`,
    )}
  </ul>`;
  return html`<div class="canned">
    ${matches.length === 0 ? nothing : list}
    <button type="button" class="plain" @click=${() => deeds.ask("canned")}>${words.edit}</button>
  </div>`;
}

/** All canned replies, to change them. */
export function cannedDialog({ model: { canned } }: Screen): TemplateResult {
  const { replies = [], problem } = canned;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const shortcut = (given.get("shortcut") as string).trim().replace(/^\//, "");
    void canned.put(shortcut, (given.get("text") as string).trim()).then(() => canned.problem ?? form.reset());
  };
  return html`<h2 id="dialog-title">${words.title}</h2>
    <p class="small">${words.hint}</p>
    <ul class="canned-list">
      ${replies.map(
        ({ shortcut, text }) =>
          html`<li>
            <b dir="auto">/${shortcut}</b>
            <span dir="auto">${text}</span>
            <button
              type="button"
              class="plain"
              aria-label=${words.removeOne(shortcut)}
              @click=${() => canned.remove(shortcut)}
            >
              ${words.remove}
            </button>
          </li>`,
      )}
    </ul>
    <form class="canned-form" @submit=${submit}>
      <label>${words.shortcut} <input name="shortcut" required maxlength="41" dir="auto" autocomplete="off" /></label>
      <label>${words.text} <textarea name="text" rows="3" required maxlength="10000" dir="auto"></textarea></label>
      <button class="primary">${words.save}</button>
    </form>
    ${problem === undefined ? nothing : html`<p class="problem" role="alert">${problemText(problem)}</p>`}
    <form method="dialog"><button class="secondary">${words.close}</button></form>`;
}
