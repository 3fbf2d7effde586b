import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { type MessageContent, hasThoughts, hasTools, readContent } from "../upstream/content.ts";
import { toFinishReason } from "../upstream/finish-reasons.ts";
import { Generation } from "../upstream/generation.ts";
import { OneText } from "../upstream/one-text.ts";
import { findError, fromErrorObject, fromWords } from "../upstream/errors/openai-errors.ts";
import { parseJson } from "../upstream/parse-event.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readSources } from "../upstream/shown/sources.ts";
import { readUsage } from "../upstream/usage.ts";
import { readCallPieces } from "./read-calls.ts";

const piece = z
  .looseObject({ content: z.unknown().optional(), refusal: z.unknown().optional() })
  .nullish()
  .catch(undefined);
const word = z.string().optional().catch(undefined);

/** Some versions of SGLang send objects. */
const reason = z
  .union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)])
  .nullish()
  .catch(undefined);

/** Optional fields may have any shape; the choices may not. */
const chunk = z.looseObject({
  id: word,
  object: word,
  type: word,
  model: word,
  choices: z
    .array(
      z.looseObject({
        delta: piece,
        message: piece,
        text: z.string().nullish().catch(undefined),
        index: z.number().optional().catch(undefined),
        finish_reason: reason,
        usage: z.unknown().optional(),
        error: z.unknown().optional(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
  x_groq: z.looseObject({ usage: z.unknown().optional() }).nullish().catch(undefined),
});
type Chunk = z.output<typeof chunk>;
type Choice = NonNullable<Chunk["choices"]>[number];

/**
 * Fast path: true for an event that the schema would return as it is. Nearly all events are such, and each token is one:
 * zod took half of a worker's time for a reply.
 */
function isTidy(event: unknown): event is Chunk {
  if (!isFields(event)) return false;
  const { id, object, type, model, choices, x_groq } = event;
  if (![id, object, type, model].every(isWord) || !isNone(x_groq)) return false;
  return isNone(choices) || (Array.isArray(choices) && choices.every(isTidyChoice));
}

function isTidyChoice(choice: unknown): boolean {
  if (!isFields(choice)) return false;
  const { delta, message, text, index, finish_reason } = choice;
  if (!isNone(text) && typeof text !== "string") return false;
  if (!isNone(finish_reason) && typeof finish_reason !== "string") return false;
  if (index !== undefined && !Number.isFinite(index)) return false;
  return (isNone(delta) || isFields(delta)) && (isNone(message) || isFields(message));
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWord(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Mapper of one reply's events. */
export interface CompletionEvents {
  /**
   * @param json the data of one event, or the body of a completion that was not streamed
   * @throws {ProviderError} `malformed`
   */
  toPart: (json: string) => ReplyPart;
  /** Returns the rest of the text, after the last event was read. */
  rest: () => string;
}

/** @param setting of the key, named to the operator in errors */
export function createFromEvent(apiKey?: string, setting = "COMPATIBLE_API_KEY"): CompletionEvents {
  const soFar: SoFar = {
    text: new OneText(),
    generation: new Generation(),
    index: undefined,
    hadDeltas: false,
    hadCalls: false,
  };
  return {
    rest: () => soFar.text.end(),
    toPart(json) {
      if (json.trim() === "[DONE]") return { ended: true };
      const event = parseJson(json);
      if (event === undefined) return { fault: fromWords(json, apiKey, setting) };
      const error = findError(event);
      if (error !== undefined) return { fault: fromErrorObject(error, apiKey, setting), usage: usageOf(event) };
      const part = toPart(isTidy(event) ? event : readChunk(event), soFar);
      part.sources = readSources(json, event);
      return part;
    },
  };
}

/** @throws {ProviderError} without the zod error: it quotes its input, which is the visitor's conversation */
function readChunk(event: unknown): Chunk {
  const { data } = chunk.safeParse(event);
  if (!data) throw new ProviderError("malformed", "an event is not a chunk of a chat completion");
  return data;
}

interface SoFar {
  text: OneText;
  generation: Generation;
  /** Index of the choice that is the reply. One choice was requested, but some servers send more. */
  index: number | undefined;
  /** True if some of the text arrived in deltas. */
  hadDeltas: boolean;
  /** True if calls of tools arrived in deltas: a whole message repeats them. */
  hadCalls: boolean;
}

function toPart(event: Chunk, soFar: SoFar): ReplyPart {
  const choice = choiceOf(event, soFar);
  const said = choice && read(choice);
  const usage = readUsage(event.usage) ?? readUsage(choice?.usage) ?? readUsage(event.x_groq?.usage);
  const part: ReplyPart = { model: event.model || undefined, usage };
  if (event.type === "keepalive" || event.type === "ping") part.sign = "alive";
  if (!choice || !said) return part;
  try {
    part.finishReason = toFinishReason(choice.finish_reason);
  } catch (fault) {
    if (!(fault instanceof ProviderError)) throw fault;
    return { ...part, fault };
  }
  soFar.generation.note(event.id, said.delta.text !== "");
  const isWhole = event.object === "chat.completion" || (part.finishReason && soFar.text.isRepeatedBy(said.delta.text));
  part.text = textOf(said, soFar, Boolean(isWhole));
  if (hasTools(choice.delta ?? {}) || hasTools(choice.message ?? {})) {
    part.sign = "work";
    part.calls = callsOf(choice, soFar);
  }
  part.thoughts = thoughtsOf(choice.delta ?? choice.message);
  part.refused = said.delta.refused || said.message.refused;
  part.thinks = said.delta.thinks || said.message.thinks;
  return part;
}

/** One choice has the index 0. Where the first index is another, the server counts events by it. */
function choiceOf({ choices }: Chunk, soFar: SoFar): Choice | undefined {
  soFar.index ??= choices?.[0]?.index;
  if (soFar.index) return choices?.[0];
  return choices?.find(({ index = soFar.index }) => index === soFar.index);
}

/** Returns new text. A whole message repeats the deltas; without deltas it is the text itself. */
function textOf({ delta, message }: Said, soFar: SoFar, isWhole: boolean): string {
  const { text } = soFar;
  if (isWhole && soFar.hadDeltas) return text.complete(delta.text || message.text);
  soFar.hadDeltas ||= delta.text !== "";
  const increment = text.push(delta.text);
  if (message.text === "") return increment;
  return increment + (soFar.hadDeltas ? text.complete(message.text) : text.push(message.text));
}

function callsOf({ delta, message }: Choice, soFar: SoFar): ReplyPart["calls"] {
  const pieces = readCallPieces(delta);
  soFar.hadCalls ||= pieces.length > 0;
  return soFar.hadCalls ? pieces : readCallPieces(message);
}

/** DeepSeek and Kimi refuse a call that comes back without the thoughts before it. */
function thoughtsOf(message: Choice["delta"]): ReplyPart["thoughts"] {
  const text = message?.["reasoning_content"];
  return typeof text === "string" ? { fields: { reasoning_content: text } } : undefined;
}

interface Said {
  delta: MessageContent;
  message: MessageContent;
}

function read({ delta, message, text }: Choice): Said {
  const said = { delta: contentOf(delta), message: contentOf(message) };
  // Legacy completions, which some gateways mix in.
  if (said.delta.text === "" && said.message.text === "" && text) said.delta.text = text;
  return said;
}

function contentOf(message: Choice["delta"]): MessageContent {
  if (!message) return readContent("");
  const content = isThought(message) ? { ...readContent(""), thinks: true } : readContent(message.content);
  const refusal = readContent(message.refusal);
  const refused = content.refused || refusal.text !== "";
  const thinks = content.thinks || hasThoughts(message);
  return { text: content.text || refusal.text, refused, thinks };
}

const gemini = z.object({ extra_content: z.object({ google: z.object({ thought: z.literal(true) }) }) });

/** Detects thoughts marked by Gemini's compatible endpoint, with or without tags. */
function isThought(message: NonNullable<Choice["delta"]>): boolean {
  return message["extra_content"] !== undefined && gemini.safeParse(message).success;
}

/** Reads the usage from an event that ends a call. */
function usageOf(event: unknown): ReplyPart["usage"] {
  return typeof event === "object" && event !== null && "usage" in event ? readUsage(event.usage) : undefined;
}
