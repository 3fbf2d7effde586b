import { splitSentences } from "../../../shared/knowledge/passages/sentences.ts";
import type { Evidence } from "../rules/evidence.ts";
import type { CitedPassage } from "./passage-history.ts";

/** Time from a trigger to the commit that makes its change visible. */
const commitMs = 1000;

/** A rule that needs a part of the evidence. */
interface SourceCheck {
  rule: string;
  check(
    evidence: Pick<Evidence, "runLog" | "jobs" | "knowledge">,
    report: (detail: string, jobId?: string) => void,
  ): number;
}

/** Rules about the sources of replies, and about what the site's sources leave behind. */
export const sourceChecks: readonly SourceCheck[] = [
  {
    rule: "the passages of an attempt could be retrieved when it was made",
    check({ knowledge: { history, used } }, report) {
      for (const { jobId, attempt, no, passageId, documentId, sourceId, claimedAt } of used) {
        const passage = history.get(passageId);
        const say = (what: string) => report(`passage ${no} of attempt ${attempt}, ${passageId}, ${what}`, jobId);
        if (passage === undefined) say("never was");
        else if (passage.documentId !== documentId || passage.sourceId !== sourceId) say("is of another document");
        else if (passage.ended !== null && passage.ended + commitMs < claimedAt)
          say(`was removed ${Math.round(claimedAt - passage.ended)} ms before the job was claimed`);
      }
      return used.length;
    },
  },
  {
    rule: "each source of a stored reply is a passage of its attempt, and quotes it",
    check({ knowledge: { history, used, cited } }, report) {
      const made = new Set(used.map(({ jobId, attempt, passageId }) => `${jobId} ${attempt} ${passageId}`));
      for (const { jobId, attempt, no, passageId, sourceId, quote } of cited) {
        const passage = history.get(passageId);
        if (!made.has(`${jobId} ${attempt} ${passageId}`))
          report(`source ${no}, passage ${passageId}, is none of the passages of attempt ${attempt}`, jobId);
        if (sourceId === null || passage === undefined) continue;
        if (sourceId !== passage.sourceId) report(`source ${no} names ${sourceId}, not ${passage.sourceId}`, jobId);
        if (quote === "" || !passage.text.includes(quote)) report(`source ${no} quotes "${quote}"`, jobId);
      }
      return cited.length;
    },
  },
  {
    rule: "the places of sources lie on characters and sentences of the stored reply, in order",
    check({ knowledge: { cited } }, report) {
      for (const [jobId, sources] of Map.groupBy(cited, (source) => source.jobId)) {
        let before = 0;
        for (const source of sources) {
          const fault = misplaced(source, before);
          if (fault) report(`source ${source.no}, ${source.begins} to ${source.ends}, ${fault}`, jobId);
          before = source.ends;
        }
      }
      return cited.length;
    },
  },
  {
    rule: "a source that a stream showed is one of the stored reply, at the same place",
    check({ runLog: { followed }, jobs, knowledge: { cited } }, report) {
      const stored = new Set(cited.map(({ jobId, n, ends }) => `${jobId} ${n} ${ends}`));
      for (const { jobId, sources } of followed) {
        const job = jobs.get(jobId);
        // A draft forgets the citations of a source that is deleted, so that a cut leaves none of them.
        if (job === undefined || job.deleted || job.status === "cancelled") continue;
        for (const { n, offset } of sources)
          if (!stored.has(`${jobId} ${n} ${offset}`)) report(`${n} at ${offset} is not stored`, jobId);
      }
      return followed.reduce((sum, { sources }) => sum + sources.length, 0);
    },
  },
  {
    rule: "a deleted source leaves no title, address or quote",
    check({ knowledge: { history, cited, standing } }, report) {
      for (const { jobId, no, passageId, sourceId, title, url, quote } of cited) {
        const of = history.get(passageId)?.sourceId ?? "";
        if (standing.has(of) && sourceId !== null) continue;
        if (`${title}${url}${quote}` !== "") report(`source ${no} still says "${title}", "${url}", "${quote}"`, jobId);
      }
      for (const { id, sourceId, ended } of history.values())
        if (!standing.has(sourceId) && ended === null) report(`passage ${id} of a deleted source can be found`);
      return cited.length;
    },
  },
  {
    rule: "what the site says at the end is what can be found",
    check({ runLog: { sources }, knowledge: { history, standing } }, report) {
      const found = Map.groupBy(
        [...history.values()].filter(({ ended }) => ended === null),
        ({ sourceId }) => sourceId,
      );
      for (const [id, { mark, deleted }] of sources) {
        const texts = (found.get(id) ?? []).map(({ text }) => text);
        if (deleted === standing.has(id)) report(`source ${id} ${deleted ? "was deleted, and stands" : "is gone"}`);
        const isRight = mark === undefined ? texts.length === 0 : texts.some((text) => text.includes(mark));
        if (!isRight) report(`source ${id} says "${mark ?? ""}", found is "${texts.join(" … ")}"`);
      }
      return sources.size;
    },
  },
];

/** @returns what is wrong with the place of a source; `before` is the end of the one before it */
function misplaced({ text, begins, ends, whole }: CitedPassage, before: number): string | undefined {
  const bytes = Buffer.from(text);
  if (!(before <= begins && begins <= ends && ends <= bytes.length))
    return `is not within ${before} to ${bytes.length}`;
  const [piece, cited] = [bytes.toString("utf8", before, ends), bytes.toString("utf8", begins, ends)];
  if (Buffer.byteLength(cited) !== ends - begins || `${piece}${cited}`.includes("\uFFFD")) return "splits a character";
  if (cited.trim() !== cited) return `has white space around "${cited}"`;
  const beginnings = splitSentences(piece).map(({ start }) => before + Buffer.byteLength(piece.slice(0, start)));
  // Beside another citation of the same sentence, there is no text.
  return !whole || begins === ends || beginnings.includes(begins) ? undefined : "begins within a sentence";
}
