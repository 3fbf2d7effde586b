import { z } from "zod";

/** What a provider says a reply rests on. */
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
/** Nothing hangs on them but the marks in the text: what is no list of sources is passed over. */
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
const names = /"(?:citations|search_results|annotations)"/;

/**
 * Reads the sources that a chunk of a chat completion names: Perplexity's `citations` (addresses) and `search_results`,
 * OpenAI's and OpenRouter's `annotations`, Azure's `context.citations`.
 */
export function readSources(json: string, event: unknown): Source[] {
  // Most servers send none.
  if (!names.test(json)) return [];
  const { data } = chunk.safeParse(event);
  if (!data) return [];
  return [data.citations, data.search_results, data.choices.flat()].find((each) => each.length > 0) ?? [];
}

function toSource({ title, url }: { title?: string | undefined; url?: string | undefined }): Source {
  return { ...(title !== undefined && { title }), ...(url !== undefined && { url }) };
}
