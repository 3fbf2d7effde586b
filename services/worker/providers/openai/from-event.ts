import { z } from "zod";
import { fromErrorObject } from "../upstream/openai-errors.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readUsage } from "../upstream/usage.ts";
import { parseJson, readAs } from "../upstream/parse-event.ts";

/** Lenient about what nothing hangs on; strict about the text. */
const delta = z.object({ delta: z.string() });
const itemAdded = z.object({ item: z.object({ type: z.string() }) });
const ofResponse = z.object({
  response: z.object({
    model: z.string().optional().catch(undefined),
    usage: z.unknown().optional(),
    incomplete_details: z.object({ reason: z.string().nullish() }).nullish().catch(undefined),
    error: z.unknown().optional(),
  }),
});
const failure = z.object({ error: z.unknown().optional() });

/**
 * @param data of one event
 * @throws {ProviderError} `malformed`
 */
export function fromEvent(data: string, apiKey: string): ReplyPart {
  // No event of this API, but some servers send it, after the last one.
  if (data === "[DONE]") return {};
  const event = parseJson(data);
  const type = typeOf(event);
  switch (type) {
    case "response.output_text.delta":
      return { text: read(delta, event).delta };
    case "response.refusal.delta":
      return { text: read(delta, event).delta, refused: true };
    case "response.output_item.added":
      return { beginsMessage: read(itemAdded, event).item.type === "message", sign: "alive" };
    // The head of the answer.
    case "response.created":
    case "response.queued":
    case "response.in_progress":
      return {};
    case "response.completed":
      return { ...ending(event), finishReason: "stop" };
    case "response.incomplete": {
      const { reason } = read(ofResponse, event).response.incomplete_details ?? {};
      return { ...ending(event), finishReason: reason === "content_filter" ? reason : "length" };
    }
    case "response.failed":
    case "response.cancelled":
      return { fault: fromErrorObject(read(ofResponse, event).response.error, apiKey) };
    case "error": {
      // Its fields stand in the event itself, or in an object below it.
      const { error = event } = read(failure, event);
      return { fault: fromErrorObject(error, apiKey) };
    }
    // The first is sent by OpenAI while a model is at work, in no documentation.
    case "keepalive":
    case "response.content_part.added":
      return { sign: "alive" };
    default:
      return atWork(type);
  }
}

/** Reasoning, tools, the ends of parts that were streamed, and what the API may add. */
function atWork(type: string): ReplyPart {
  return { sign: "work", thinks: /^response\.reasoning_\w+\.delta$/.test(type) };
}

function ending(event: unknown): ReplyPart {
  const { model, usage } = read(ofResponse, event).response;
  return { model, usage: readUsage(usage), ended: true };
}

const typed = z.object({ type: z.string() });
const untypedError = z.object({ error: z.object({}) }).transform(() => ({ type: "error" }));

function typeOf(event: unknown): string {
  return read(z.union([typed, untypedError]), event).type;
}

function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  return readAs(schema, event, "Responses API");
}
