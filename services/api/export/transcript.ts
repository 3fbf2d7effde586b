import type { ExportedConversation, ExportedJob, ExportedMessage } from "../../../shared/protocol/export.ts";
import { type FinishReason, jobErrors } from "../../../shared/protocol/job.ts";

/**
 * Head of a transcript for people. Every line of user text is indented, so that no message can imitate another one's
 * heading.
 */
export function toTranscriptHead(conversation: ExportedConversation, exportedAt: Date): string {
  const { id, createdAt, updatedAt, metadata, email, stretchRatings, actions } = conversation;
  const lines = [
    `Conversation ${id}`,
    `Begun ${time(createdAt)}, last change ${time(updatedAt)}, exported ${time(exportedAt.toISOString())}`,
    ...(email === null ? [] : [indent(`E-mail address: ${email}`)]),
    ...Object.entries(metadata).map(([key, value]) => indent(`${key}: ${value}`)),
    ...stretchRatings.flatMap(({ operator, rating, comment, ratedAt }) => [
      `How it went with ${operator ? oneLine(operator.name) : "the team"}: ${rating}, ${time(ratedAt)}`,
      ...(comment === null ? [] : [indent(comment)]),
    ]),
    ...actions.flatMap(({ title, tool, state, result, proposedAt }) => [
      indent(`Proposed ${time(proposedAt)}: ${oneLine(title ?? tool)} (${state})`),
      ...(result === null ? [] : [indent(result)]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Formats some of the turns.
 * @param nameOf returns an assistant's name by its type
 */
export function toTranscriptTurns(
  messages: readonly ExportedMessage[],
  jobs: readonly ExportedJob[],
  nameOf: (assistantType: string) => string,
): string {
  const jobOf = new Map(jobs.map((job) => [job.turn, job]));
  const answered = new Set(messages.filter(({ sender }) => sender === "ai").map(({ turn }) => turn));
  return messages
    .map((message) => {
      const job = jobOf.get(message.turn);
      const assistant = () => oneLine(nameOf(job?.assistantType ?? "default"));
      const who = { user: () => "Visitor", ai: assistant, operator: () => personOf(message) }[message.sender]();
      const entry = `\n${[who, time(message.createdAt), ...notes(message)].join(", ")}\n${indent(message.text)}\n`;
      return (
        entry +
        listSources(message) +
        describeFeedback(message) +
        (answered.has(message.turn) ? "" : describeMissing(job))
      );
    })
    .join("");
}

const stopped: Partial<Record<FinishReason, string>> = {
  length: "cut off at its longest",
  refusal: "declined",
  content_filter: "cut off by the provider",
  cancelled: "stopped by the visitor",
  taken_over: "cut off when a person took over",
};

function personOf({ operator }: ExportedMessage): string {
  return operator ? `${oneLine(operator.name)} (team)` : "The team";
}

function notes({ sender, imported, fallback, finishReason, replaces }: ExportedMessage): string[] {
  const brought = sender === "user" ? "brought along" : "as the visitor tells it";
  const how = finishReason === null ? undefined : stopped[finishReason];
  return [
    ...(imported ? [brought] : []),
    ...(fallback ? ["a stand-in"] : []),
    ...(replaces === null ? [] : ["in place of an earlier message"]),
    ...(how === undefined ? [] : [how]),
  ];
}

function listSources({ sources }: ExportedMessage): string {
  const byNumber = new Map((sources ?? []).map((source) => [source.n, source]));
  if (byNumber.size === 0) return "";
  const lines = [...byNumber.values()].map(({ n, title, url, removed }) => {
    return `[${n}] ${removed ? "(removed)" : [title, url].filter((text) => text !== "").join(", ")}`;
  });
  return `Sources\n${lines.map((line) => indent(oneLine(line))).join("\n")}\n`;
}

function describeFeedback({ feedback }: ExportedMessage): string {
  if (feedback === null) return "";
  const said = feedback.comment === null ? "" : `\n${indent(feedback.comment)}`;
  const why = feedback.reason === null ? "" : ` as ${feedback.reason}`;
  return `Rated ${feedback.rating}${why}, ${time(feedback.ratedAt)}${said}\n`;
}

function describeMissing(job: ExportedJob | undefined): string {
  if (job === undefined) return "";
  if (job.handledBy !== null) return "Left to people\n";
  return `No reply: ${job.error === null ? job.status : jobErrors[job.error]}\n`;
}

function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

const lineEnds = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
/** A terminal would execute control characters. */
// oxlint-disable-next-line eslint/no-control-regex
const controls = /[\0-\b\x0e-\x1f\x7f-\x9f]/g;

function indent(text: string): string {
  const clean = text.replace(lineEnds, "\n").replace(controls, "\ufffd");
  return clean.replace(/^/gm, "    ");
}

function oneLine(text: string): string {
  return indent(text).trim().replaceAll("\n", " ");
}
