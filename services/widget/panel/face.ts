import { html, type TemplateResult } from "lit/html.js";
import type { OperatorView } from "../../../shared/protocol/handling.ts";
import type { ViewModel } from "./view-model.ts";

/** Picture of the assistant or of a person or, where none can be shown, the initials of the name. The name is said elsewhere. */
export function face(
  view: ViewModel,
  { name, avatarUrl: url }: OperatorView = { name: assistantName(view), avatarUrl: view.state.assistant?.avatarUrl },
): TemplateResult {
  const { actions, ui } = view;
  const picture =
    url === undefined || ui.brokenPictures.has(url) || !isOfTheWeb(url)
      ? initials(name)
      : html`<img src=${url} alt="" referrerpolicy="no-referrer" @error=${() => actions.pictureBroke(url)} />`;
  return html`<span class="face" part="face" aria-hidden="true">${picture}</span>`;
}

export function assistantName({ state, strings }: ViewModel): string {
  return state.assistant?.name ?? strings.assistant;
}

/** True for an address that a link or a picture may have. */
export function isOfTheWeb(address: string): boolean {
  const base = document.baseURI;
  return URL.canParse(address, base) && new URL(address, base).protocol.startsWith("http");
}

/** First letters of the first and the last word that has one; a mark between them keeps Arabic ones apart. */
function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]\S*/gu) ?? [name.trim()];
  return [...new Set([words.at(0), words.at(-1)])]
    .map((word = "") => /.\p{M}*/su.exec(word)?.[0])
    .join("\u200c")
    .toLocaleUpperCase();
}
