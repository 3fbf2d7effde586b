import type { Pool } from "pg";
import {
  type DocumentTally,
  readSourceProgress,
  type SourceProgress,
  tallyDocuments,
} from "../../../shared/db/knowledge/progress.ts";
import { readProcessReports } from "../../../shared/db/operators/process-reports.ts";
import type { DocumentStatus } from "../../../shared/protocol/knowledge.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";

const lookEveryMs = 500;
/** Interval of lines where none can be written over. */
const lineEveryMs = 5000;
/** Reasons that are listed; the rest are counted. */
const maxReasons = 10;

const noReader =
  "No process reads knowledge now. Run npm start, or npm run knowledge-worker beside the other parts; then see npm run knowledge -- list.";

/**
 * Shows how sources are read, until all are.
 * @returns the exit code: 1 if one failed
 */
export async function followSources(pool: Pool, ids: readonly string[]): Promise<number> {
  const line = new ProgressLine();
  for (;;) {
    const [sources, documents, processes] = await Promise.all([
      readSourceProgress(pool, defaultSite, ids),
      tallyDocuments(pool, defaultSite, ids),
      readProcessReports(pool),
    ]);
    const open = sources.filter(({ status }) => status === "pending" || status === "running");
    if (open.length === 0) {
      line.clear();
      return report(sources, documents);
    }
    if (!processes.some(({ name }) => name === "knowledge")) {
      line.clear();
      process.stderr.write(`${noReader}\n`);
      return 0;
    }
    const total = countOf(documents);
    const later = documents.find(({ status, reason }) => status === "pending" && reason !== null);
    const why = later ? ` (tried again later: ${later.reason})` : "";
    line.show(
      printable(`Reading: ${total} found, ${summary(documents)}, ${countOf(documents, "pending")} to come${why}`),
    );
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** Says what became of sources and their documents. */
function report(sources: readonly SourceProgress[], documents: readonly DocumentTally[]): number {
  const failed = sources.filter(({ status }) => status === "failed");
  const noted = sources.filter(({ status, reason }) => status === "ready" && reason !== null);
  const said = [`${countOf(documents)} found, ${summary(documents)}.`];
  const reasons = documents.filter(({ status, reason }) => status !== "pending" && reason !== null);
  for (const { reason, count } of reasons.slice(0, maxReasons)) said.push(`  ${count} × ${reason}`);
  const others = reasons.slice(maxReasons).reduce((sum, { count }) => sum + count, 0);
  if (others > 0) said.push(`  ${others} × for other reasons`);
  for (const { name, reason } of noted) said.push(`${name}: ${reason}`);
  process.stdout.write(said.map((each) => `${printable(each)}\n`).join(""));
  for (const { name, reason } of failed) process.stderr.write(`${printable(`Failed: ${name}: ${reason}`)}\n`);
  return failed.length > 0 ? 1 : 0;
}

function summary(documents: readonly DocumentTally[]): string {
  const gone = countOf(documents, "gone");
  const rest = gone === 0 ? "" : `, ${gone} gone`;
  return `${countOf(documents, "ready")} taken, ${countOf(documents, "left_out")} left out${rest}`;
}

function countOf(documents: readonly DocumentTally[], only?: DocumentStatus): number {
  const counted = documents.filter(({ status }) => only === undefined || status === only);
  return counted.reduce((sum, { count }) => sum + count, 0);
}

/** Pages choose some of these words: control characters of theirs must not reach a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}

/** A line on standard error that is written over; where that is no terminal, a line now and then. */
class ProgressLine {
  #shown = "";
  #at = 0;

  show(text: string): void {
    if (text === this.#shown) return;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
    else if (Date.now() - this.#at < lineEveryMs) return;
    else process.stderr.write(`${text}\n`);
    this.#shown = text;
    this.#at = Date.now();
  }

  clear(): void {
    if (process.stderr.isTTY && this.#shown !== "") process.stderr.write("\r\u001b[K");
  }
}
