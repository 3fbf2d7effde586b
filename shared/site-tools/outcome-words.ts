import { textIn } from "../assistants/localized-text.ts";
import type { SiteTool } from "../assistants/tools/site-tool.ts";
import { isResponse } from "../assistants/tools/tool-faults.ts";
import { partsOf } from "../assistants/tools/tool-template.ts";

/** Characters of an outcome: a page of text. Each one is paid for in every later call of the reply. */
const maxChars = 8000;

interface Told {
  args: Readonly<Record<string, unknown>>;
  locale?: string | undefined;
}

/**
 * Words of an outcome by the template of a tool: `{name}` is an argument, `{response}` the response, `{response.items.0.price}` a
 * field of it. A field that is absent is left out.
 * @param response JSON of the response
 * @returns `undefined` for a tool without a template
 */
export function wordsByTemplate(
  { result }: Pick<SiteTool, "result">,
  response: unknown,
  { args, locale }: Told,
): string | undefined {
  if (result === undefined) return undefined;
  return fillWords(textIn(result, locale), (name) =>
    isResponse(name) ? fieldOf(response, name.split(".").slice(1)) : own(args, name),
  );
}

/** Fills a text that is shown. Values are never read as templates. */
export function fillWords(template: string, valueOf: (name: string) => unknown): string {
  return partsOf(template)
    .map((part) => (part.kind === "value" ? asText(valueOf(part.name)) : part.kind === "text" ? part.text : ""))
    .join("");
}

function fieldOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => own(inner, name), value);
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Makes a text that came from outside fit to be shown: no control characters, no half characters, bounded. */
export function boundWords(text: string): string {
  const clean = text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .trim();
  if (clean.length <= maxChars) return clean;
  return `${clean.slice(0, maxChars).toWellFormed()}… (cut)`;
}
