import { html, nothing, type TemplateResult } from "lit/html.js";
import type { LateStrings } from "../../i18n/late/late-strings.ts";
import type { ViewModel } from "../view-model.ts";

/** Paths on the same grid as the panel's other icons. */
const savePath = "M10 4v9M6 9.500l4 4 4-4M4.5 16.500h11";
const [newPath, binPath] = ["M10 4.5v11M4.5 10h11", "M4 6h12M8 6V4h4v2M5.8 6l.7 10h7l.7-10M8.6 9v4M11.4 9v4"];

export function menu(strings: LateStrings, view: ViewModel): TemplateResult {
  const { state, actions } = view;
  const none = state.messages.length === 0;
  return html`<ul class="menu" id="menu" part="menu">
    ${view.people?.menuItem(view)} ${saveEntry(strings, view)}
    <li>
      <button type="button" ?disabled=${none} @click=${() => actions.confirm("new")}>
        ${menuIcon(newPath)} ${strings.startNew}
      </button>
    </li>
    <li>
      <button type="button" class="danger" ?disabled=${none} @click=${() => actions.confirm("delete")}>
        ${menuIcon(binPath)} ${strings.deleteData}
      </button>
    </li>
  </ul>`;
}

function saveEntry({ saveTranscript }: LateStrings, { state, actions }: ViewModel): unknown {
  const { conversationId } = state;
  const save = (text: string) => saveText(`conversation-${conversationId}.txt`, text);
  const { saveTranscript: read } = actions;
  if (read === undefined) return nothing;
  return html`<li>
    <button type="button" ?disabled=${conversationId === undefined} @click=${() => read(save)}>
      ${menuIcon(savePath)} ${saveTranscript}
    </button>
  </li>`;
}

/** Time for which the browser may read a file that it was told to save. */
const readableMs = 60_000;

/** Has the browser save a text as a file, as if the visitor had pressed a link to it. */
function saveText(name: string, text: string): void {
  const href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), readableMs);
}

function menuIcon(path: string): TemplateResult {
  return html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${path} /></svg>`;
}
