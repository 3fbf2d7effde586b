import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { fromErrorObject } from "../upstream/openai-errors.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readUsage } from "../upstream/usage.ts";
import { parseJson, readAs } from "../upstream/parse-event.ts";

/** What one event tells of its run. */
export interface RunPart extends ReplyPart {
  run?: { id: string; active: boolean };
}

const reason = z.object({ reason: z.string().nullish() }).nullish().catch(undefined);

/** Lenient about what nothing hangs on; strict about the text. */
const content = z.union([
  z
    .object({ type: z.literal("text"), text: z.object({ value: z.string().optional() }).optional() })
    .transform(({ text }) => ({ text: text?.value ?? "", refused: false })),
  z
    .object({ type: z.literal("refusal"), refusal: z.string().optional() })
    .transform(({ refusal }) => ({ text: refusal ?? "", refused: true })),
  z.object({ type: z.string() }).transform(() => ({ text: "", refused: false })),
]);
const delta = z.object({ delta: z.object({ content: z.array(content).nullish() }) });
const message = z.object({ status: z.string(), incomplete_details: reason });
const run = z.object({
  id: z.string(),
  status: z.string(),
  model: z.string().optional().catch(undefined),
  usage: z.unknown().optional(),
  incomplete_details: reason,
  last_error: z.unknown().optional(),
});
type Run = z.output<typeof run>;

/**
 * Events are told apart by the object that they carry, and its status: their names say the same.
 * @param data of one event
 * @throws {ProviderError} `malformed`
 */
export function fromEvent(data: string, apiKey: string): RunPart {
  if (data.trim() === "[DONE]") return { ended: true };
  const event = parseJson(data);
  switch (objectOf(event)) {
    case "thread.message.delta":
      return said(read(delta, event).delta.content ?? []);
    case "thread.message": {
      const { status, incomplete_details: details } = read(message, event);
      return {
        beginsMessage: status === "in_progress",
        finishReason: details?.reason === "content_filter" ? "content_filter" : undefined,
      };
    }
    case "thread.run":
      return fromRun(read(run, event), apiKey);
    case "error":
      return { fault: fromErrorObject(read(failure, event).error ?? event, apiKey) };
    // A thread is the head of an answer.
    case "thread":
      return {};
    // Steps and what they add, and what the API may add.
    default:
      return { sign: "work" };
  }
}

function said(contents: z.output<typeof content>[]): ReplyPart {
  const text = contents.map((part) => part.text).join("");
  return contents.some(({ refused }) => refused) ? { text, refused: true } : { text };
}

function fromRun({ id, status, model, usage, incomplete_details: details, last_error }: Run, apiKey: string): RunPart {
  const over = { run: { id, active: false }, model, usage: readUsage(usage) };
  switch (status) {
    case "completed":
      return { ...over, finishReason: "stop" };
    case "incomplete":
      // The other reasons are limits of tokens.
      return { ...over, finishReason: details?.reason ? "length" : "content_filter" };
    case "failed":
      return { ...over, fault: fromErrorObject(last_error, apiKey) };
    case "cancelled":
    case "expired":
      return { ...over, fault: new ProviderError("overloaded", `the run ended as ${status}`) };
    case "requires_action":
      return {
        run: { id, active: true },
        fault: new ProviderError("rejected", "the assistant waits for the output of a function: nobody runs it here"),
      };
    // Queued, at work, being cancelled.
    default:
      return { run: { id, active: true }, model };
  }
}

const withObject = z.object({ object: z.string() });
/** An error has no `object`; it may stand in the event itself, or below it. */
const failure = z.object({ error: z.unknown().optional() });
const untyped = z.union([z.object({ error: z.object({}) }), z.object({ message: z.string() })]);

function objectOf(event: unknown): string {
  return read(z.union([withObject, untyped.transform(() => ({ object: "error" }))]), event).object;
}

function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  return readAs(schema, event, "Assistants API");
}
