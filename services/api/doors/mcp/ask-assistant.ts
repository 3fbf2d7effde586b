import type { Assistants } from "../../../../shared/assistants/assistants.ts";
import { Problem } from "../../../../shared/errors.ts";
import { submitRequest } from "../../../../shared/protocol/submit.ts";
import type { Actor } from "../../access/operator-access.ts";
import type { ApiContext } from "../../api-context.ts";
import { clientOf } from "../../middleware/client.ts";
import { countRequest } from "../../middleware/count-requests.ts";
import { parseKey } from "../../middleware/idempotency-header.ts";
import { requestSpan } from "../../middleware/observe.ts";
import { parseBody } from "../../middleware/parse-input.ts";
import { idsOf, noteIds, requestId } from "../../middleware/request-id.ts";
import { submitMessage } from "../../submit/submit-message.ts";
import { answerOfPeople, waitForReply } from "../../submit/wait-for-reply.ts";
import type { AskInput, AskOutput, McpRequest, ToolAnswer } from "./mcp-tools.ts";

/** Longest wait for a reply. The SDKs' clients give a call up after 60 seconds. */
const maxWaitMs = 50_000;

/** Names of the assistants that a program may ask: with a key that may write all, otherwise those that allow it. */
export function openFor(actor: Actor | undefined, assistants: Assistants): string[] {
  const mayWrite = actor !== undefined && actor.role !== "reader";
  return [...assistants].filter(([, { askByMcp }]) => mayWrite || askByMcp === true).map(([name]) => name);
}

/**
 * Asks a question in a conversation of its own, and waits for the reply. From the moment that it is accepted it is a message
 * like any other: it is answered once, whether or not the client still waits.
 * @throws {Problem} when it is not accepted; then nothing was written
 */
export async function askAssistant(
  context: ApiContext,
  { req, res, actor, refuseOlder }: McpRequest,
  { question, assistant }: AskInput,
): Promise<ToolAnswer<AskOutput>> {
  const { assistants, config, limits, log } = context;
  const open = openFor(actor, assistants);
  if (assistants.has(assistant) && !open.includes(assistant)) {
    const others = `Without one, you may ask: ${open.join(", ")}.`;
    throw new Problem("forbidden", `Asking the assistant ${assistant} takes the key of an operator. ${others}`);
  }
  // A key's owner is often one program for many people.
  await countRequest(
    limits.submissions,
    req,
    actor && { key: `operator:${actor.operatorId}`, whose: `by ${actor.name}` },
  );
  const message = parseBody(submitRequest(config.MAX_MESSAGE_CHARS), { message: question, assistantType: assistant });
  await refuseOlder();
  // A key, or the assistant's own setting, stands for the challenge, which tells people from programs.
  const submission = await submitMessage({ ...context, challenge: undefined }, message, {
    conversationId: undefined,
    idempotencyKey: parseKey(req),
    requestId: requestId(res),
    trace: requestSpan(req).traceparent,
    visitor: undefined,
    idAlone: false,
    proof: { answer: undefined, address: clientOf(req).address },
    channel: "mcp",
  });
  const { jobId, conversationId, handledBy } = submission;
  noteIds(req, { jobId, conversationId });
  const answering =
    handledBy === "ai" ? waitForReply(context, res, jobId, maxWaitMs) : answerOfPeople(context, submission);
  const ended = await answering.catch((error: unknown) => {
    // An error would have the client ask again, what is accepted already.
    log.warn({ ...idsOf(req), err: error }, "could not say how a question ended");
    return undefined;
  });
  return describeEnd(ended, conversationId);
}

type Ended = Awaited<ReturnType<typeof waitForReply>> | Awaited<ReturnType<typeof answerOfPeople>>;

function describeEnd(ended: Ended, conversationId: string): ToolAnswer<AskOutput> {
  if (ended === undefined) {
    const text = "The reply is not ready yet. It will stand in the conversation, where the site's people see it.";
    return { text, fields: { status: "waiting", conversationId } };
  }
  if ("reply" in ended && typeof ended.reply === "string") {
    const sources = describeSources(("sources" in ended && ended.sources) || []);
    const list = sources.map(({ title, url }) => `- ${url === undefined ? title : `${title}: ${url}`}`);
    const text = [ended.reply, ...(list.length > 0 ? [`Sources:\n${list.join("\n")}`] : [])].join("\n\n");
    return { text, fields: { status: "completed", answer: ended.reply, sources, conversationId } };
  }
  if ("reply" in ended) {
    const text = "People of the site answer this question, in their console. Their answer does not come here.";
    return { text, fields: { status: "with-people", conversationId } };
  }
  const text = ("error" in ended && ended.error?.message) || "The reply was stopped.";
  return { text, fields: { status: "failed", conversationId }, failed: true };
}

/** Each place once, however often it was quoted. */
function describeSources(sources: readonly { title: string; url?: string | undefined }[]) {
  const pages = new Map(sources.map(({ title, url }) => [url ?? title, { title, ...(url !== undefined && { url }) }]));
  return [...pages.values()];
}
