import { z } from "zod";
import { ProviderError } from "../provider.ts";
import { toFinishReason } from "../upstream/finish-reasons.ts";
import { GenerationStart } from "../upstream/generation.ts";
import { findError, fromErrorObject, fromWords } from "../upstream/errors/openai-errors.ts";
import type { ReplyPart } from "../upstream/reply.ts";
import { readUsage } from "../upstream/usage.ts";
import { parseJson, readAs } from "../upstream/parse-event.ts";

/** Contents of one event of a run. */
export interface RunPart extends ReplyPart {
  run?: { id: string; active: boolean };
}

const reason = z.object({ reason: z.string().nullish() }).nullish().catch(undefined);

/** Optional fields may be malformed; the text may not. */
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

/** Setting of the key, named to the operator in errors. */
const setting = "OPENAI_API_KEY";

/**
 * Creates the mapper of one run's events. Events are distinguished by the object that they carry and by its status;
 * their names hold the same information.
 * @returns a function that maps an event's data to its part of the reply; it throws `ProviderError` `malformed`
 */
export function createFromEvent(apiKey: string): (data: string) => RunPart {
  const beginning = new GenerationStart();
  return (data) => {
    if (data.trim() === "[DONE]") return { ended: true };
    const event = parseJson(data);
    if (event === undefined) return { fault: fromWords(data, apiKey, setting) };
    return toPart(event, apiKey, beginning);
  };
}

function toPart(event: unknown, apiKey: string, beginning: GenerationStart): RunPart {
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
    // Steps, their deltas, and event types that the API may add.
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
        fault: new ProviderError(
          "rejected",
          "the assistant waits for the output of a function, and functions are not supported",
        ),
      };
    // Queued, at work, or being cancelled.
    default:
      return { run: { id, active: true }, model };
  }
}

/** Maps the end of a run. A missing reason means the content filter. */
function endOf(details: Run["incomplete_details"]): RunPart {
  let finishReason: RunPart["finishReason"];
  const fault = faultOf(() => {
    finishReason = toFinishReason(details?.reason) ?? "content_filter";
  });
  return { ...fault, finishReason };
}

const withObject = z.object({ object: z.string() });
const alive = z.object({ type: z.enum(["keepalive", "ping"]) });

/** Handles other events. The fields of an error are in the event itself, or below it. */
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
