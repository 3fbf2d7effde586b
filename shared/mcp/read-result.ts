import { z } from "zod";

const callResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })).optional(),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
  resultType: z.string().optional(),
});
const textBlock = z.object({ type: z.literal("text"), text: z.string() });
const embedded = z.object({ type: z.literal("resource"), resource: z.object({ text: z.string() }) });
const link = z.object({ type: z.literal("resource_link"), uri: z.string(), name: z.string().default("") });

/** Answer of a tool, as text. */
export interface CallResult {
  text: string;
  structured: unknown;
  isError: boolean;
  /** True if it asks something before it goes on: that is no answer. */
  asks: boolean;
}

/** @returns `undefined` if it is no result of a tool */
export function readResult(result: unknown): CallResult | undefined {
  const parsed = callResult.safeParse(result);
  if (!parsed.success) return undefined;
  const { content, structuredContent: structured, isError = false, resultType } = parsed.data;
  const asks = resultType === "input_required";
  if (content === undefined && structured === undefined && !asks) return undefined;
  const texts = (content ?? []).map(textOf);
  const repeats = structured === undefined || texts.some((text) => isJsonObject(text));
  const text = [...texts, ...(repeats ? [] : [JSON.stringify(structured)])].filter((each) => each !== "").join("\n");
  return { text, structured, isError, asks };
}

/** A model gets text alone, and learns what it does not get. */
function textOf(block: { type: string }): string {
  const text = textBlock.safeParse(block);
  if (text.success) return text.data.text;
  const resource = embedded.safeParse(block);
  if (resource.success) return resource.data.resource.text;
  const linked = link.safeParse(block);
  if (linked.success) return `${linked.data.name} ${linked.data.uri}`.trim();
  const known = ["image", "audio", "resource"].includes(block.type) ? block.type : "part";
  return `(Left out: ${known}. Only text can be read here.)`;
}

/** Servers that send structured content write it as text as well, for older clients. */
function isJsonObject(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
