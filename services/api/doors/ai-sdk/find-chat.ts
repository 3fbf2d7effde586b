import { createHash } from "node:crypto";
import type { Request } from "express";
import { v4 } from "uuid";
import { Problem } from "../../../../shared/errors.ts";
import {
  type AccessContext,
  admitSubmission,
  openConversation,
  type OpenedConversation,
  readCredentials,
  readOwnerHere,
} from "../../access/access.ts";
import { isOf, type Visitor } from "../../access/identity.ts";
import { countRequest } from "../../middleware/count-requests.ts";
import { noteIds } from "../../middleware/request-id.ts";

// A chat's id is chosen by the client, and anyone may choose the same: without a token or an identity it names nothing.

/** The conversation of a chat that a message was admitted to. */
export interface AdmittedChat {
  /** Absent: the message begins a new one. */
  conversationId: string | undefined;
  /** Id of a new one, where the chat has to find it again. */
  newConversationId: string | undefined;
  visitor: Visitor | undefined;
  idAlone: boolean;
}

/**
 * Authorises a message to a chat, and counts it.
 * @throws {Problem} 401, 403, 429
 */
export async function admitToChat(context: AccessContext, req: Request, chatId: string): Promise<AdmittedChat> {
  const { conversationId, visitor } = await readCredentials(context, req);
  const admitted = await admitSubmission(context, req, conversationId);
  if (conversationId !== undefined || !visitor) return { conversationId, newConversationId: undefined, ...admitted };
  const own = conversationIdOf(visitor, chatId);
  const exists = (await readOwnerHere(context, own)) !== undefined;
  return { conversationId: exists ? own : undefined, newConversationId: own, ...admitted };
}

/**
 * Authorises access to a chat, and counts the request.
 * @returns `undefined` for a chat that has no conversation yet
 * @throws {Problem} 401, 403, 429; 404 once its conversation is deleted
 */
export async function openUiChat(
  context: AccessContext,
  req: Request,
  { credentials }: { credentials: "required" | "optional" },
): Promise<OpenedConversation | undefined> {
  const { conversationId, visitor } = await readCredentials(context, req);
  if (conversationId !== undefined) return openConversation(context, req, conversationId);
  if (!visitor && credentials === "required") {
    throw new Problem("unauthorized", "Send Authorization: Bearer <token>. The token comes with POST /api/ui/chat.");
  }
  await countRequest(context.limits.reads, req);
  if (!visitor) return undefined;
  const own = conversationIdOf(visitor, String(req.params["id"]));
  const owner = await readOwnerHere(context, own);
  if (!owner?.visitorHash || owner.deleted || !isOf(visitor, owner.visitorHash)) return undefined;
  noteIds(req, { conversationId: own });
  return owner;
}

/**
 * Derives the conversation of a verified visitor's chat. Nobody else can: the visitor's hash is made with a key of this
 * service.
 */
function conversationIdOf({ hash }: Visitor, chatId: string): string {
  const derived = createHash("sha256").update("ai-sdk\0").update(hash).update(chatId).digest();
  return v4({ random: derived.subarray(0, 16) });
}
