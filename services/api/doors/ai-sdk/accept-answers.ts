import type { Request } from "express";
import { readCard } from "../../../../shared/db/actions/cards.ts";
import { Problem } from "../../../../shared/errors.ts";
import type { UiAsk } from "../../../../shared/protocol/doors/ui-chat.ts";
import { openAction } from "../../access/access.ts";
import { answerAction } from "../../actions/answer-action.ts";
import type { ApiContext } from "../../api-context.ts";
import type { Submission } from "../../submit/submit-message.ts";
import { outcomeChunks } from "./action-chunks.ts";
import { messageChunks } from "./message-chunks.ts";
import type { StreamReader } from "./step-chunks.ts";
import type { StreamEnd, UiChunk } from "./ui-chunk.ts";

type Answers = Pick<UiAsk & { kind: "answers" }, "answers"> & { requestId: string; trace: string | undefined };

interface AcceptedAnswers {
  conversationId: string;
  /** The last of them. */
  submission: Submission;
  steps: { id: string; actionId: string }[];
  /** Answers that came too late, and what their visitor is told. */
  refused: { actionId: string; reason: string }[];
}

/**
 * Accepts a visitor's answers to actions, each once: what was answered before has the same job.
 * @throws {Problem} if none of them is accepted
 */
export async function acceptAnswers(
  context: ApiContext,
  req: Request,
  { answers, ...origin }: Answers,
): Promise<AcceptedAnswers> {
  const accepted: { actionId: string; submission: Submission }[] = [];
  const refused: AcceptedAnswers["refused"] = [];
  let refusal: unknown;
  for (const { actionId, confirm } of answers) {
    try {
      const { action, visitor } = await openAction(context, req, actionId);
      const submission = await answerAction(context, action, { confirm, visitor, ...origin });
      accepted.push({ actionId, submission });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      refused.push({ actionId, reason: error.message });
      refusal ??= error;
    }
  }
  const last = accepted.at(-1);
  if (!last) throw refusal;
  const { conversationId } = last.submission;
  if (accepted.some(({ submission }) => submission.conversationId !== conversationId)) {
    throw new Problem("invalid-request", "The actions are of different conversations.");
  }
  const steps = accepted.map(({ actionId, submission }) => ({ id: submission.jobId, actionId }));
  return { conversationId, submission: last.submission, steps, refused };
}

interface AnsweredMessage extends AcceptedAnswers {
  /** Message of the client that proposed the actions, and goes on with what came of them. */
  messageId: string;
  token: string;
}

/** Yields what becomes of answers, as the rest of the message that proposed the actions. */
export async function* answerChunks(
  context: ApiContext,
  { conversationId, messageId, token, submission, steps, refused }: AnsweredMessage,
  reader: StreamReader,
): AsyncGenerator<UiChunk | StreamEnd> {
  const parley = { conversationId, token, cursor: submission.cursor };
  const message = messageChunks(context, { ...submission, id: messageId, parley, steps, isLast: true }, reader);
  let isFirst = true;
  for (;;) {
    const { value, done } = await message.next();
    if (done) return;
    yield value;
    // Right after the start: the message has to be there.
    if (isFirst) yield* lateChunks(context, refused);
    isFirst = false;
  }
}

async function* lateChunks({ db }: ApiContext, refused: AcceptedAnswers["refused"]): AsyncGenerator<UiChunk> {
  for (const { actionId, reason } of refused) {
    const found = await readCard(db.pool, actionId);
    const outcome = found?.card ? [...outcomeChunks(found.card)] : [];
    if (outcome.length > 0) yield* outcome;
    else yield { type: "tool-output-error", toolCallId: actionId, errorText: reason };
  }
}
