import { html, type TemplateResult } from "lit/html.js";
import type { Colleague } from "../../../shared/protocol/operator.ts";
import { texts } from "../texts.ts";
import { cannedDialog } from "./canned-views.ts";
import type { Dialog, Screen } from "./screen.ts";

/** Keys and what they do, as the list shows them. */
const keyList = [
  [["j"], texts.keys.list.next],
  [["k"], texts.keys.list.previous],
  [["1", "2", "3", "4"], texts.keys.list.views],
  [["/"], texts.keys.list.search],
  [["r"], texts.keys.list.reply],
  [["n"], texts.keys.list.note],
  [["s"], texts.keys.list.suggest],
  [["t"], texts.keys.list.take],
  [["l"], texts.keys.list.toAssistant],
  [["q"], texts.keys.list.toQueue],
  [["a"], texts.keys.list.assign],
  [["c"], texts.keys.list.close],
  [["d"], texts.keys.list.details],
  [["Esc"], texts.keys.list.leave],
  [["Enter"], texts.keys.list.send],
  [["?"], texts.keys.list.help],
] as const;

export function dialogView(dialog: Dialog, screen: Screen): TemplateResult {
  return html`<dialog aria-labelledby="dialog-title" @close=${() => screen.deeds.ask(undefined)}>
    ${contents[dialog](screen)}
  </dialog>`;
}

const contents: Record<Dialog, (screen: Screen) => TemplateResult> = {
  keys: ({ deeds, keys }) =>
    html`<h2 id="dialog-title">${texts.keys.title}</h2>
      <dl class="keys">
        ${keyList.map(
          ([all, what]) =>
            html`<dt>${all.map((key) => html`<kbd>${key}</kbd> `)}</dt>
              <dd>${what}</dd>`,
        )}
      </dl>
      <label class="switch">
        <input
          type="checkbox"
          .checked=${keys}
          @change=${({ target }: Event) => deeds.useKeys((target as HTMLInputElement).checked)}
        />
        ${texts.keys.on}
      </label>
      <form method="dialog"><button class="secondary">${texts.keys.close}</button></form>`,

  assign: ({ model, deeds }) => {
    const others = model.colleagues.filter(
      ({ role, id }) => role !== "reader" && id !== model.open?.view?.operator?.id,
    );
    return html`<h2 id="dialog-title">${texts.assign.title}</h2>
      ${others.length === 0 ? html`<p>${texts.assign.nobody}</p>` : assignForm(others, { model, deeds })}
      <form method="dialog"><button class="plain">${texts.confirm.cancel}</button></form>`;
  },

  canned: cannedDialog,
  close: ({ deeds }) => confirmation("close", deeds.close),
  block: ({ deeds }) => confirmation("block", () => deeds.setBlocked(true)),
};

/** Giving it away comes after the note in the order of the keyboard: it needs no further word. */
function assignForm(others: readonly Colleague[], { model, deeds }: Pick<Screen, "model" | "deeds">): TemplateResult {
  return html`<label class="transfer-note">
      ${texts.assign.note}
      <textarea
        rows="3"
        maxlength="10000"
        dir="auto"
        .value=${model.open?.noteOfTransfer.text ?? ""}
        @input=${({ target }: Event) => model.open?.writeNoteOfTransfer((target as HTMLTextAreaElement).value)}
      ></textarea>
    </label>
    <ul class="colleagues">
      ${others.map(
        ({ id, name, online }) =>
          html`<li>
            <button type="button" class="secondary" @click=${() => deeds.assign(id)}>
              <span dir="auto">${name}</span>
              <span class="small">${online ? texts.assign.online : texts.assign.away}</span>
            </button>
          </li>`,
      )}
    </ul>`;
}

function confirmation(what: "close" | "block", act: () => void): TemplateResult {
  return html`<h2 id="dialog-title">${texts.confirm[what]}</h2>
    <p>${texts.confirm[`${what}Hint`]}</p>
    <form method="dialog">
      <button type="button" class="primary" autofocus @click=${act}>${texts.confirm[`${what}Do`]}</button>
      <button class="secondary">${texts.confirm.cancel}</button>
    </form>`;
}
