import { validate, version } from "uuid";
import { type ClientMessage, readClientMessage } from "../../../../shared/db/conversations/ui-messages.ts";
import { Problem } from "../../../../shared/errors.ts";
import { cursorOf } from "../../../../shared/events/cursor.ts";
import type { SubmitRequest } from "../../../../shared/protocol/submit.ts";
import { readOwnerHere } from "../../access/access.ts";
import type { ApiContext } from "../../api-context.ts";
import { hasEnded } from "../../follow/job-view.ts";
import { type Submission, submitMessage } from "../../submit/submit-message.ts";
import type { AdmittedChat } from "./find-chat.ts";

interface UiMessageToAccept {
  id: string;
  text: string;
  /** True if the reply to it is asked for anew. */
  again: boolean;
  choices: Pick<SubmitRequest, "assistantType" | "provider" | "metadata">;
  /** The `Idempotency-Key` that was sent. */
  idempotencyKey: string | undefined;
  /** See `refuseBesideOlder`. */
  refuseOlder: () => Promise<void>;
}

type Origin = Pick<Parameters<typeof submitMessage>[2], "requestId" | "trace" | "proof">;

/**
 * Accepts the last message of a chat. One whose id is known is no new message, but where its text was edited, or its
 * reply has ended and is asked for anew: then it replaces the known one.
 * @returns the job that answers it
 * @throws {Problem} when it is not accepted; then nothing was written
 */
export async function acceptMessage(
  context: ApiContext,
  chat: AdmittedChat,
  message: UiMessageToAccept,
  origin: Origin,
): Promise<Submission> {
  const { conversationId, newConversationId } = chat;
  const known = conversationId === undefined ? undefined : await findKnown(context, conversationId, message.id);
  if (known && conversationId !== undefined && !asksAnew(known, message)) {
    return submissionOf(context, conversationId, known);
  }
  await message.refuseOlder();
  try {
    const { text, choices, id: clientId } = message;
    const body = { ...choices, message: text, conversationId, replaces: known?.messageId };
    const idempotencyKey = keyOf(chat, message, known);
    return await submitMessage(context, body, {
      ...chat,
      ...origin,
      idempotencyKey,
      clientId,
      channel: "ai-sdk",
    });
  } catch (error) {
    // Another message has begun the chat at the same time.
    const begun = conversationId === undefined && newConversationId !== undefined && isConflict(error);
    if (!begun) throw error;
    return acceptMessage(context, { ...chat, conversationId: newConversationId }, message, origin);
  }
}

function asksAnew({ text, status }: ClientMessage, message: UiMessageToAccept): boolean {
  return message.again ? hasEnded(status) : text !== message.text;
}

function findKnown({ db }: ApiContext, conversationId: string, clientId: string) {
  return readClientMessage(db.pool, { conversationId, clientId, ownId: validate(clientId) ? clientId : null });
}

/**
 * The same request twice is one message. On a first message without an identity, only a random id may serve as the key,
 * since it alone finds the conversation and its token again.
 */
function keyOf(
  { conversationId, newConversationId }: AdmittedChat,
  { id, idempotencyKey }: UiMessageToAccept,
  known: ClientMessage | undefined,
): string | undefined {
  if (conversationId !== undefined) return idempotencyKey ?? `ui:${known?.messageId ?? ""}:${id}`;
  if (newConversationId !== undefined) return newConversationId;
  return idempotencyKey ?? (validate(id) && version(id) === 4 ? id : undefined);
}

/** Describes a message that was accepted before. */
async function submissionOf(
  context: ApiContext,
  conversationId: string,
  { jobId, messageId, status }: ClientMessage,
): Promise<Submission> {
  const owner = await readOwnerHere(context, conversationId);
  if (!owner || owner.deleted) throw new Problem("not-found", "This conversation no longer exists.");
  const { handledBy, operator, eventSeq } = owner;
  return { jobId, conversationId, messageId, status, handledBy, operator, cursor: cursorOf(conversationId, eventSeq) };
}

function isConflict(error: unknown): boolean {
  return error instanceof Problem && error.code === "idempotency-conflict";
}
