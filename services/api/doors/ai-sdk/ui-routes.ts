import { type Request, type Response, Router } from "express";
import type { z } from "zod";
import { readConversation } from "../../../../shared/db/conversations/conversations.ts";
import { Problem } from "../../../../shared/errors.ts";
import { cancelJob } from "../../../../shared/jobs/cancel-job.ts";
import { challengeHeader, tokenHeader } from "../../../../shared/protocol/headers.ts";
import { type UiAsk, uiChatRequest, uiStreamQuery } from "../../../../shared/protocol/doors/ui-chat.ts";
import type { ApiContext } from "../../api-context.ts";
import { clientOf, untilClosed } from "../../middleware/client.ts";
import { countFaultsAs, refuseUsedUp } from "../../middleware/count-faults.ts";
import { parseKey } from "../../middleware/idempotency-header.ts";
import { readLargeJson } from "../../middleware/json-body.ts";
import { requestSpan } from "../../middleware/observe.ts";
import { parseBody, parseQuery } from "../../middleware/parse-input.ts";
import { idsOf, noteIds, requestId } from "../../middleware/request-id.ts";
import { refuseBesideOlder } from "../refuse-beside-older.ts";
import { acceptAnswers, answerChunks } from "./accept-answers.ts";
import { acceptMessage } from "./accept-message.ts";
import { admitToChat, openUiChat } from "./find-chat.ts";
import { messageChunks } from "./message-chunks.ts";
import { findDue, resumeChunks } from "./resume-chat.ts";
import { type StreamEnd, streamHeader, type UiChunk, uiWire } from "./ui-chunk.ts";

/** Front ends send the whole chat with each message, with all its parts. */
const bodyLimits = {
  bytes: 2 ** 20,
  parts: 50_000,
  says: "A request body is limited to 1 MB. Only the last message is read: have `prepareSendMessagesRequest` send it alone.",
};
/** Time after which a client that waits for a person comes again, and one without a free stream may. */
const retrySeconds = 1;

/** `/api/ui/chat`: a door for front ends that speak the AI SDK's UI message stream (`useChat`). */
export function uiChatRoutes(context: ApiContext): Router {
  const router = Router();
  const body = uiChatRequest(context.config.MAX_MESSAGE_CHARS);
  const { submissions } = context.limits;
  const refuseOlder = refuseBesideOlder(context);

  router.post("/", countFaultsAs(submissions), async (req: Request, res: Response) => {
    const beforeParsing = () => refuseUsedUp(submissions, req);
    const { messages, ...ask } = parseBody(body, await readLargeJson(req, { ...bodyLimits, beforeParsing }));
    if (messages.kind === "answers") await sendAnswers(context, res, messages);
    else await sendReply(context, res, { ...ask, messages, refuseOlder });
  });

  router.get("/:id/stream", async (req: Request, res: Response) => {
    const resumed = parseQuery(uiStreamQuery, req.query);
    const chat = await openUiChat(context, req, { credentials: "optional" });
    const signal = untilClosed(res);
    const trace = requestSpan(req).traceparent;
    if (chat) takeSlot(context, req, signal);
    const due = chat && req.method !== "HEAD" ? await findDue(context, chat, resumed, signal) : [];
    if (chat && due.length > 0) {
      await send(context, res, chat.id, (token) =>
        resumeChunks(context, { ...resumed, chat, due, token }, { signal, trace }),
      );
      return;
    }
    if (chat && chat.handledBy !== "ai") res.set("Retry-After", String(retrySeconds));
    res.status(204).end();
  });

  router.delete("/:id/stream", async (req: Request, res: Response) => {
    const chat = await openUiChat(context, req, { credentials: "required" });
    const conversation = chat && (await readConversation(context.db.pool, chat.id));
    // The newest first, so that none of them begins when the one before it has ended.
    for (const jobId of conversation?.openJobs.toReversed() ?? []) {
      await cancelJob(context, { id: jobId, conversationId: chat?.id ?? "" });
    }
    res.status(204).end();
  });

  return router;
}

type Ask = z.output<ReturnType<typeof uiChatRequest>>;

interface WordsToSend extends Ask {
  messages: UiAsk & { kind: "words" };
  refuseOlder: () => Promise<void>;
}

/** Accepts words of the visitor, and answers with the reply. */
async function sendReply(
  context: ApiContext,
  res: Response,
  { messages, refuseOlder, ...ask }: WordsToSend,
): Promise<void> {
  const { req } = res;
  const signal = untilClosed(res);
  const idempotencyKey = parseKey(req);
  const chat = await admitToChat(context, req, ask.id);
  takeSlot(context, req, signal);
  const { assistantType, provider, metadata, trigger } = ask;
  const choices = { assistantType, provider, metadata };
  const message = { ...messages, idempotencyKey, again: trigger === "regenerate-message", choices, refuseOlder };
  const proof = { answer: req.get(challengeHeader), address: clientOf(req).address };
  const origin = { requestId: requestId(res), trace: requestSpan(req).traceparent, proof };
  const { jobId, conversationId, ...submission } = await acceptMessage(context, chat, message, origin);
  noteIds(req, { jobId, conversationId });
  const steps = [{ id: jobId, actionId: null }];
  await send(context, res, conversationId, (token) => {
    const parley = { conversationId, token, cursor: submission.cursor, jobId };
    return messageChunks(
      context,
      { ...submission, id: jobId, parley, steps, isLast: true },
      { signal, trace: origin.trace },
    );
  });
}

/** Accepts answers to actions, and answers with the rest of the message that proposed them. */
async function sendAnswers(context: ApiContext, res: Response, ask: UiAsk & { kind: "answers" }): Promise<void> {
  const { req } = res;
  const signal = untilClosed(res);
  takeSlot(context, req, signal);
  const { id: messageId, answers } = ask;
  const origin = { requestId: requestId(res), trace: requestSpan(req).traceparent };
  const accepted = await acceptAnswers(context, req, { answers, ...origin });
  await send(context, res, accepted.conversationId, (token) =>
    answerChunks(context, { ...accepted, messageId, token }, { signal, trace: origin.trace }),
  );
}

/** @throws {Problem} 429 for a client that has as many streams open as it may */
function takeSlot({ openRequests }: Pick<ApiContext, "openRequests">, req: Request, signal: AbortSignal): void {
  if (openRequests.take(clientOf(req).network, signal)) return;
  throw new Problem("rate-limited", "Too many streams from your address are open: close one.", {
    retryAfterSeconds: retrySeconds,
  });
}

/** Answers with a stream, and with the token of its conversation. */
async function send(
  { streams, tokens, log }: Pick<ApiContext, "streams" | "tokens" | "log">,
  res: Response,
  conversationId: string,
  open: (token: string) => AsyncIterable<UiChunk | StreamEnd>,
): Promise<void> {
  const { req } = res;
  const token = await tokens.sign(conversationId);
  res.set(tokenHeader, token).set(...streamHeader);
  void streams.pumpOn(uiWire, res, open(token), (error) => {
    log.warn({ ...idsOf(req), err: error }, "UI message stream broken off");
  });
}
