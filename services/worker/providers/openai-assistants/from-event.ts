import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { toFinishReason } from "../upstream/finish-reasons.ts";
import { Beginning } from "../upstream/generation.ts";
import { findError, fromErrorObject, fromWords } from "../upstream/errors/openai-errors.ts";
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

/** Of the key, for the operator. */
const setting = "OPENAI_API_KEY";

/**
 * The mapper of one run's events. They are told apart by the object that they carry, and its status: their names say the
 * same.
 * @returns for the data of an event what it adds; throws `ProviderError`: `malformed`
 */
export function createFromEvent(apiKey: string): (data: string) => RunPart {
  const beginning = new Beginning();
  return (data) => {
    if (data.trim() === "[DONE]") return { ended: true };
    const event = parseJson(data);
    if (event === undefined) return { fault: fromWords(data, apiKey, setting) };
    return toPart(event, apiKey, beginning);
  };
}

function toPart(event: unknown, apiKey: string, beginning: Beginning): RunPart {
  const object = withObject.safeParse(event).data?.object;
  switch (object) {
    case "thread.message.delta":
      return said(read(delta, event).delta.content ?? []);
    case "thread.message": {
      const { status, incomplete_details: details } = read(message, event);
      return {
        beginsMessage: status === "in_progress",
        finishReason: details?.reason === "content_filter" ? "content_filter" : undefined,
      };
    }
    case "thread.run": {
      const told = read(run, event);
      const part = fromRun(told, apiKey);
      return { ...part, ...faultOf(() => beginning.note(told.id)) };
    }
    case "error":
    case undefined:
      return fromOther(event, apiKey);
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
      return { ...over, ...endOf(details) };
    case "failed":
      return { ...over, fault: fromErrorObject(last_error, apiKey, setting) };
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

/** Without a reason it was the content filter. */
function endOf(details: Run["incomplete_details"]): RunPart {
  let finishReason: RunPart["finishReason"];
  const fault = faultOf(() => {
    finishReason = toFinishReason(details?.reason) ?? "content_filter";
  });
  return { ...fault, finishReason };
}

const withObject = z.object({ object: z.string() });
const alive = z.object({ type: z.enum(["keepalive", "ping"]) });

/** An error stands in the event itself, or below it. */
function fromOther(event: unknown, apiKey: string): RunPart {
  if (alive.safeParse(event).success) return { sign: "alive" };
  const error = findError(event);
  if (error === undefined) throw new ProviderError("malformed", "an event is not one of the Assistants API");
  return { fault: fromErrorObject(error, apiKey, setting) };
}

function faultOf(check: () => void): Pick<RunPart, "fault"> {
  try {
    check();
    return {};
  } catch (fault) {
    if (!(fault instanceof ProviderError)) throw fault;
    return { fault };
  }
}

function read<Output>(schema: z.ZodType<Output>, event: unknown): Output {
  return readAs(schema, event, "Assistants API");
}
