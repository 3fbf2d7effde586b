import { createHash } from "node:crypto";
import { v7 } from "uuid";
import { readMessage } from "../../../shared/db/conversations/conversations.ts";
import {
  findOperatorMessage,
  forgetOperatorKey,
  isOperatorKeyClash,
} from "../../../shared/db/voices/operator-messages.ts";
import { Problem } from "../../../shared/errors.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { VoiceContext } from "../../../shared/voices/change-of-voice.ts";
import { takeOver } from "../../../shared/voices/take-over.ts";
import { toMessageView } from "../history/message-view.ts";
import { requireNow } from "./voice-problems.ts";

interface Saying {
  /** The conversation. */
  id: string;
  text: string;
  operatorId: string;
  /** `Idempotency-Key` of the request. */
  key: string | undefined;
}

/**
 * Stores a message of an operator, who takes the conversation over with it if it is not theirs yet. Message and
 * take-over commit together. The same key again returns the message of the first time.
 * @throws {Problem} 404, 409 when a colleague has the conversation, or the key was used for another text
 */
export async function sayAsOperator(
  context: VoiceContext,
  { id: conversationId, text, operatorId, key }: Saying,
): Promise<{ message: MessageView; cursor: string }> {
  const { pool } = context.db;
  const idempotencyHash = key === undefined ? null : sha256(`operator:${operatorId}:${conversationId}:${key}`);
  const requestHash = key === undefined ? null : sha256(text);
  const find = async () => {
    const earlier = idempotencyHash && (await findOperatorMessage(pool, idempotencyHash));
    if (!earlier) return undefined;
    if (requestHash && earlier.requestHash?.equals(requestHash)) return earlier;
    throw new Problem("idempotency-conflict", "Use a new Idempotency-Key for a new message.");
  };
  const earlier = await find();
  if (earlier) return view(earlier);
  if (idempotencyHash) await forgetOperatorKey(pool, idempotencyHash);
  const message = { id: v7(), text, operatorId, idempotencyHash, requestHash };
  try {
    const to = { operatorId, actorId: operatorId, reason: "taken", force: false, message } as const;
    const { eventSeq } = requireNow(await takeOver(context, conversationId, to));
    return await view({ id: message.id, eventSeq });
  } catch (error) {
    const other = isOperatorKeyClash(error) ? await find() : undefined;
    if (other) return view(other);
    throw error;
  }

  async function view({ id, eventSeq }: { id: string; eventSeq: number }) {
    const row = await readMessage(pool, id);
    if (!row) throw new Problem("not-found", "This conversation no longer exists.");
    return { message: toMessageView(row), cursor: cursorOf(conversationId, eventSeq) };
  }
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
