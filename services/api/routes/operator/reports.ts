import { type Request, type Response, Router } from "express";
import { readReport } from "../../../../shared/db/operators/report.ts";
import { searchLimitMs, SearchTooLong } from "../../../../shared/db/operators/time-limit.ts";
import { Problem } from "../../../../shared/errors.ts";
import { type Report, type ReportFigures, reportQuery } from "../../../../shared/protocol/people/report.ts";
import type { ApiContext } from "../../api-context.ts";
import { parseQuery } from "../../middleware/parse-input.ts";

/** Route to count what happened in a span of days. */
export function reportRoutes({ db, siteId }: Pick<ApiContext, "db" | "siteId">): Router {
  const router = Router();

  router.get("/reports", async (req: Request, res: Response) => {
    const { format, ...span } = parseQuery(reportQuery, req.query);
    const report = await countDays({ db, siteId }, span);
    if (format === "json") {
      res.json(report);
      return;
    }
    res.attachment(`report-${span.from}-${span.to}.csv`).type("text/csv").send(toCsv(report));
  });

  return router;
}

/**
 * Counts a span of days.
 * @throws {Problem} where that takes too long
 */
export async function countDays(
  { db, siteId }: Pick<ApiContext, "db" | "siteId">,
  span: Pick<Report, "from" | "to" | "zone">,
): Promise<Report> {
  const rows = await readReport(db.pool, { siteId, ...span }).catch((error: unknown) => {
    if (!(error instanceof SearchTooLong)) throw error;
    throw new Problem("unavailable", `Counting was ended after ${searchLimitMs / 1000} s: ask for fewer days.`);
  });
  const [whole, ...days] = rows;
  if (!whole) throw new Error("a report has no row of the whole");
  const { day: _, ...total } = whole;
  return { ...span, total, days: days.map(({ day, ...figures }) => ({ day: day ?? "", ...figures })) };
}

/** Columns of the CSV. All are numbers, so that no cell can be a formula. */
const columns = [
  "messages",
  "byAssistant",
  "byPeople",
  "apologies",
  "unanswered",
  "waitP50",
  "waitP95",
  "handoffs",
  "handoffsMet",
  "firstReplyP50",
  "firstReplyP95",
  "ratingsAsked",
  "good",
  "bad",
  "up",
  "down",
  "costUsd",
] as const satisfies (keyof ReportFigures)[];

/** One line a day (RFC 4180); reasons of handoffs have columns of their own, where there are any. */
function toCsv({ days, total }: Report): string {
  const reasons = Object.keys(total.handoffsByReason).toSorted();
  const lines = [
    ["day", ...columns, ...reasons.map((reason) => `handoffs:${reason}`)],
    ...days.map((figures) => [
      figures.day,
      ...columns.map((column) => figures[column] ?? ""),
      ...reasons.map((reason) => figures.handoffsByReason[reason] ?? 0),
    ]),
  ];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}
