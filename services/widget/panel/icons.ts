import { html, type TemplateResult } from "lit/html.js";

/** Paths on a 20 by 20 grid, drawn in the text's colour. */
const paths = {
  close: "M5 5l10 10M15 5L5 15",
  down: "M10 4v12M5 11l5 5 5-5",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  send: "M10 16V4.5M4.8 9.7L10 4.5l5.2 5.2",
  stop: "M6 6h8v8H6z",
  copy: "M7.5 7.5V4.7c0-.7.5-1.2 1.2-1.2h6.6c.7 0 1.2.5 1.2 1.2v6.6c0 .7-.5 1.2-1.2 1.2h-2.8M4.7 7.5h6.6c.7 0 1.2.5 1.2 1.2v6.6c0 .7-.5 1.2-1.2 1.2H4.7c-.7 0-1.2-.5-1.2-1.2V8.7c0-.7.5-1.2 1.2-1.2z",
  check: "M4.5 10.5l3.7 3.7 7.3-8",
  again: "M15.5 8A6 6 0 1 0 16 11M16 4v4h-4",
  up: "M6.5 9v7H4.2c-.4 0-.7-.3-.7-.7V9.7c0-.4.3-.7.7-.7zm0 .3l3-5.6c.2-.3.4-.4.7-.4 1 0 1.7.9 1.5 1.9L11.3 8h3.9c1 0 1.7.9 1.5 1.9l-1 4.7c-.2.8-.9 1.4-1.7 1.4H6.5",
  chat: "M5.7 3.5h8.6a2.7 2.7 0 0 1 2.7 2.7v5.2a2.7 2.7 0 0 1-2.7 2.7H11l-3.9 3v-3H5.7A2.7 2.7 0 0 1 3 11.4V6.2a2.7 2.7 0 0 1 2.7-2.7z",
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName, turned = false): TemplateResult {
  return html`<svg viewBox="0 0 20 20" aria-hidden="true" ?data-turned=${turned}><path d=${paths[name]} /></svg>`;
}
