import { z } from "zod";

/** Source that a reply rests on, as named by the provider. */
export interface Source {
  title?: string;
  url?: string;
}

const text = z.string().optional().catch(undefined);
const entry = z.union([
  z.string().transform((url): Source => ({ url })),
  z
    .object({ url_citation: z.object({ title: text, url: text }) })
    .transform(({ url_citation: each }) => toSource(each)),
  z.object({ title: text, url: text }).transform(toSource),
]);
/** Lenient: only the marks in the text depend on sources, so a malformed list is skipped. */
const list = z.array(entry.catch({})).catch([]).default([]);

const inMessage = z
  .object({ annotations: list, context: z.object({ citations: list }).catch({ citations: [] }).optional() })
  .transform(({ annotations, context }) => [...(context?.citations ?? []), ...annotations])
  .catch([])
  .default([]);
const chunk = z.object({
  citations: list,
  search_results: list,
  choices: z
    .array(z.object({ delta: inMessage, message: inMessage }).transform(({ delta, message }) => [...delta, ...message]))
    .catch([])
    .default([]),
});
/** Looking for a text is several times as fast as a pattern. */
const names = ['"citations"', '"search_results"', '"annotations"'];

/**
 * Reads the sources in a chunk of a chat completion: Perplexity's `citations` (addresses) and `search_results`,
 * OpenAI's and OpenRouter's `annotations`, Azure's `context.citations`.
 */
export function readSources(json: string, event: unknown): Source[] {
  // Fast path: most servers send no sources.
  if (!names.some((name) => json.includes(name))) return [];
  const { data } = chunk.safeParse(event);
  if (!data) return [];
  return [data.citations, data.search_results, data.choices.flat()].find((each) => each.length > 0) ?? [];
}

function toSource({ title, url }: { title?: string | undefined; url?: string | undefined }): Source {
  return { ...(title !== undefined && { title }), ...(url !== undefined && { url }) };
}
