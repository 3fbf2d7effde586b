import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { readContent } from "../upstream/content.ts";
import { toFinishReason } from "../upstream/finish-reasons.ts";
import { GenerationStart } from "../upstream/generation.ts";
import { findTypedError, fromErrorObject, fromWords } from "../upstream/errors/openai-errors.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readUsage } from "../upstream/usage.ts";
import { parseJson, readAs } from "../upstream/parse-event.ts";
import { ResponseCalls } from "./response-calls.ts";
import { ResponseText } from "./response-text.ts";

/** Optional fields may be malformed; the text may not. */
const delta = z.object({ delta: z.string() });
const partDone = z.object({
  text: z.string().optional().catch(undefined),
  refusal: z.string().optional().catch(undefined),
});
const itemAdded = z.object({ item: z.object({ type: z.string() }) });
const contentPartDone = z.object({ part: z.unknown() });
const itemDone = z.object({ item: z.unknown() });
const created = z.object({ response: z.object({ id: z.string().optional().catch(undefined) }).catch({}) });
const ofResponse = z.object({
  response: z.object({
    model: z.string().optional().catch(undefined),
    usage: z.unknown().optional(),
    output: z.unknown().optional(),
    output_text: z.unknown().optional(),
    incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(undefined),
    error: z.unknown().optional(),
  }),
});

interface SoFar {
  text: ResponseText;
  calls: ResponseCalls;
  beginning: GenerationStart;
  apiKey: string;
}

/** Setting of the key, named to the operator in errors. */
const setting = "OPENAI_API_KEY";

/**
 * Creates the mapper of one response's events.
 * @returns a function that maps an event's data to its part of the reply; it throws `ProviderError` `malformed`
 */
export function createFromEvent(apiKey: string): (data: string) => ReplyPart {
  const beginning = new GenerationStart();
  const soFar: SoFar = { text: new ResponseText(), calls: new ResponseCalls(), beginning, apiKey };
  return (data) => {
    // Not an event of this API, but some servers send it, after the last event.
    if (data.trim() === "[DONE]") return {};
    const event = parseJson(data);
    if (event === undefined) return { fault: fromWords(data, apiKey, setting) };
    const { object, type } = Object(event) as { object?: unknown; type?: unknown };
    // Each failed parse builds an error, so a token is not parsed as a whole response.
    const whole = object === "response" ? wholeResponse.safeParse(event).data : undefined;
    if (whole) return toPart(`response.${whole.status}`, { response: whole }, soFar);
    const done = type === "response.done" ? responseDone.safeParse(event).data : undefined;
    if (done) return toPart(`response.${done.response.status}`, event, soFar);
    const error = findTypedError(event);
    if (error !== undefined) return { fault: fromErrorObject(error, apiKey, setting) };
    return toPart(read(typed, event).type, event, soFar);
  };
}

function toPart(type: string, event: unknown, { text, calls, beginning, apiKey }: SoFar): ReplyPart {
  switch (type) {
    case "response.output_text.delta":
      return { text: text.delta(event, read(delta, event).delta) };
    case "response.refusal.delta":
      return { text: text.delta(event, read(delta, event).delta), refused: true };
    case "response.output_text.done":
      return { text: text.endOfPart(event, read(partDone, event).text ?? ""), sign: "work" };
    case "response.refusal.done":
      return { text: text.endOfPart(event, read(partDone, event).refusal ?? ""), refused: true };
    case "response.content_part.done": {
      const { text: said, refused } = readContent(read(contentPartDone, event).part);
      return { text: text.endOfPart(event, said), refused, sign: "work" };
    }
    case "response.output_item.added": {
      const beginsMessage = read(itemAdded, event).item.type === "message";
      if (beginsMessage) text.begin();
      return { beginsMessage, sign: "alive", calls: calls.ofItem(event, { whole: false }) };
    }
    case "response.output_item.done": {
      const ended = text.endOfMessage(read(itemDone, event).item);
      return { ...ended, sign: "work", calls: calls.ofItem(event, { whole: true }) };
    }
    case "response.function_call_arguments.delta":
    case "response.function_call_arguments.done":
      return { sign: "work", calls: calls.ofArguments(event) };
    case "response.created":
      beginning.note(read(created, event).response.id);
      return {};
    // Head of the answer, like the event above.
    case "response.queued":
    case "response.in_progress":
      return {};
    case "response.completed":
    case "response.incomplete":
      return ending(type, event, { text, calls });
    case "response.failed":
    case "response.cancelled": {
      const { error, usage } = read(ofResponse, event).response;
      return { fault: fromErrorObject(error, apiKey, setting), usage: readUsage(usage) };
    }
    // OpenAI sends `keepalive`, which is undocumented, while a model is at work.
    case "keepalive":
    case "ping":
    case "response.content_part.added":
      return { sign: "alive" };
    // Reasoning, tools, ends of streamed parts, and event types that the API may add.
    default:
      return { sign: "work", thinks: /^response\.reasoning_\w+\.delta$/.test(type) };
  }
}

/** Maps the end of a response. Its reason marks it as incomplete, whatever the event is called. */
function ending(type: string, event: unknown, { text, calls }: Pick<SoFar, "text" | "calls">): ReplyPart {
  const { model, usage, output, output_text: all, incomplete_details: details } = read(ofResponse, event).response;
  const counted = { model, usage: readUsage(usage) };
  try {
    const whole = type === "response.completed" ? "stop" : "length";
    return {
      ...text.endOfAll(output, all),
      ...counted,
      calls: calls.ofOutput(output),
      finishReason: toFinishReason(details?.reason) ?? whole,
      ended: true,
    };
  } catch (fault) {
    if (!(fault instanceof ProviderError)) throw fault;
    return { ...counted, fault };
  }
}

const typed = z.object({ type: z.string() });
/** An answer that was not streamed. */
const wholeResponse = z.looseObject({ object: z.literal("response"), status: z.string() });

/** Name of the end in the Realtime API, which some gateways use here. */
const responseDone = z.looseObject({
  type: z.literal("response.done"),
  response: z.looseObject({ status: z.string().default("completed") }),
});

function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  return readAs(schema, event, "Responses API");
}
