import { z } from "zod";
import { inputMessage } from "../input-messages.ts";
import { messageText, storable, submitRequest } from "../submit.ts";

/** Requests of front ends that speak the AI SDK's UI message stream. */

/** An id that a front end has given. */
const clientId = storable.min(1).max(255);
const maxAnswers = 10;

/** A message of the AI SDK, as far as it is read. */
const uiMessage = z.object({
  id: clientId,
  role: z.enum(["user", "assistant"]),
  parts: z.array(z.looseObject({ type: z.string() })).max(1000),
});

/** A part of an assistant's message whose visitor has said yes or no. */
const answeredPart = z.object({ approval: z.object({ id: z.uuid("must be a UUID"), approved: z.boolean() }) });

/** The last message of a request: words of the visitor, or their answers to what the assistant proposes to do. */
export type UiAsk =
  | { kind: "words"; id: string; text: string }
  | { kind: "answers"; id: string; answers: { actionId: string; confirm: boolean }[] };

interface Fault {
  path: PropertyKey[];
  message: string;
}

/** The body of `POST /api/ui/chat`, for a service whose messages have at most `maxMessageChars` code points. */
export function uiChatRequest(maxMessageChars: number) {
  const { assistantType, provider, metadata } = submitRequest(maxMessageChars).shape;
  const text = messageText(maxMessageChars);
  return z
    .object({
      id: clientId.meta({
        description: "The chat's id. It opens nothing; the chats of a verified visitor are found by it",
      }),
      messages: z
        .array(z.unknown())
        .min(1)
        .transform((messages, context) => {
          const read = readLast(messages.at(-1), text);
          if ("ask" in read) return read.ask;
          for (const { path, message } of read.faults) {
            context.addIssue({ code: "custom", path: [messages.length - 1, ...path], message });
          }
          return z.NEVER;
        })
        .meta({
          description:
            "Messages of the AI SDK, of which the last alone is read: the visitor's own, or the assistant's with approval responses",
        }),
      trigger: z
        .enum(["submit-message", "regenerate-message"])
        .default("submit-message")
        .meta({ description: "`regenerate-message`: the last message is asked again, in a turn of its own" }),
      assistantType,
      provider,
      metadata,
    })
    .refine(({ trigger, messages }) => trigger === "submit-message" || messages.kind === "words", {
      path: ["trigger"],
      message: "must be submit-message where the last message is the assistant's",
    })
    .meta({ id: "UiChatRequest" });
}

/** Reads the last message of a request. The ones before it may be anything: this service has its own. */
function readLast(message: unknown, text: z.ZodType<string>): { ask: UiAsk } | { faults: Fault[] } {
  const parsed = uiMessage.safeParse(message, { error: inputMessage });
  if (!parsed.success) return { faults: parsed.error.issues };
  const { id, role, parts } = parsed.data;
  return role === "user" ? readWords(id, parts, text) : readAnswers(id, parts);
}

type Parts = z.output<typeof uiMessage>["parts"];

function readWords(id: string, parts: Parts, text: z.ZodType<string>): { ask: UiAsk } | { faults: Fault[] } {
  const words: string[] = [];
  const faults: Fault[] = [];
  for (const [index, part] of parts.entries()) {
    const path = ["parts", index];
    if (part.type === "text" && typeof part["text"] === "string") words.push(part["text"]);
    else if (part.type === "text") faults.push({ path: [...path, "text"], message: "must be text" });
    else if (part.type === "file") faults.push({ path, message: "is a file, and messages here are text alone" });
    // Parts that a page adds for itself are shown by it alone.
    else if (!part.type.startsWith("data-")) faults.push({ path, message: "must be a part of the type text" });
  }
  if (faults.length > 0) return { faults };
  const parsed = text.safeParse(words.join("\n"), { error: inputMessage });
  if (parsed.success) return { ask: { kind: "words", id, text: parsed.data } };
  return { faults: parsed.error.issues.map(({ message }) => ({ path: ["parts"], message })) };
}

function readAnswers(id: string, parts: Parts): { ask: UiAsk } | { faults: Fault[] } {
  const answers: { actionId: string; confirm: boolean }[] = [];
  for (const [index, part] of parts.entries()) {
    if (part["state"] !== "approval-responded") continue;
    const parsed = answeredPart.safeParse(part, { error: inputMessage });
    if (!parsed.success) {
      return { faults: parsed.error.issues.map(({ path, message }) => ({ path: ["parts", index, ...path], message })) };
    }
    const { id: actionId, approved: confirm } = parsed.data.approval;
    answers.push({ actionId: actionId.toLowerCase(), confirm });
  }
  if (answers.length > maxAnswers) {
    return { faults: [{ path: ["parts"], message: `must have at most ${maxAnswers} approval responses` }] };
  }
  if (answers.length > 0) return { ask: { kind: "answers", id, answers } };
  const message = "must be the visitor's, or have approval responses: this service runs its tools itself";
  return { faults: [{ path: [], message }] };
}

/** Query of `GET /api/ui/chat/{id}/stream`. */
export const uiStreamQuery = z.object({
  messageId: storable.max(255).optional().meta({
    description: "A message that was received in part: it is sent again, although its reply may have ended by now",
  }),
  after: storable.max(255).optional().meta({
    description:
      "`cursor` of the last `data-parley`: messages of people since then are sent; absent: those from now on",
  }),
});
