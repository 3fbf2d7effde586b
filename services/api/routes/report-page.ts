import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Problem } from "../../../shared/errors.ts";
import { inputMessage } from "../../../shared/protocol/input-messages.ts";
import { reportQuery } from "../../../shared/protocol/people/report.ts";
import type { ApiContext } from "../api-context.ts";
import { type ReportForm, reportView } from "../operators/report-view.ts";
import { sendOperatorPage } from "../operators/send-page.ts";
import { countDays } from "./operator/reports.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** The page of `/admin` with a report of a span of days. */
export function reportPageRoutes(context: Pick<ApiContext, "db" | "siteId">): Router {
  const router = Router();
  const send = async (res: Response, ...shown: Parameters<typeof reportView>) =>
    sendOperatorPage(res, context, { title: "Report", content: reportView(...shown) });

  router.get("/", async (req: Request, res: Response) => {
    const form = readSpan(req);
    const { data, error } = reportQuery.safeParse(form, { error: inputMessage });
    if (!data) {
      const fault = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      await send(res.status(400), { ...form, fault }, undefined);
      return;
    }
    const span = { from: data.from, to: data.to, zone: data.zone };
    try {
      await send(res, span, await countDays(context, span));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      await send(res.status(problem.status), { ...span, fault: problem.message }, undefined);
    }
  });

  return router;
}

/** Reads the span of the form: the last seven days, where nothing is said. */
function readSpan(req: Request): ReportForm {
  const field = (name: string, otherwise: string) =>
    z.string().trim().min(1).max(100).catch(otherwise).parse(req.query[name]);
  const now = Date.now();
  return { from: field("from", dayAt(now - 6 * dayMs)), to: field("to", dayAt(now)), zone: field("zone", "UTC") };
}

function dayAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
