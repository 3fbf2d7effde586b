import { html, type TemplateResult } from "lit/html.js";

/** Paths on a 20 by 20 grid, drawn in the text's colour. */
const paths = {
  back: "M12 4l-6 6 6 6",
  down: "M10 4v12M5 11l5 5 5-5",
  details: "M10 9v5M10 6h.01M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15z",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3",
  silent: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3M3 3l14 14",
  keys: "M3 6.5h14v8H3zM6 9.5h.01M9 9.5h.01M12 9.5h.01M15 9.5h.01M7 12h6",
} as const;

export function sign(name: keyof typeof paths): TemplateResult {
  return html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${paths[name]} /></svg>`;
}
