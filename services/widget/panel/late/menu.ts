import { html, type TemplateResult } from "lit/html.js";
import type { LateStrings } from "../../i18n/late/late-strings.ts";
import type { ViewModel } from "../view-model.ts";

/** Paths on the same grid as the panel's other icons. */
const [newPath, binPath] = ["M10 4.5v11M4.5 10h11", "M4 6h12M8 6V4h4v2M5.8 6l.7 10h7l.7-10M8.6 9v4M11.4 9v4"];

export function menu(strings: LateStrings, view: ViewModel): TemplateResult {
  const { state, actions } = view;
  const none = state.messages.length === 0;
  return html`<ul class="menu" id="menu" part="menu">
    ${view.people?.menuItem(view)}
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

function menuIcon(path: string): TemplateResult {
  return html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${path} /></svg>`;
}
