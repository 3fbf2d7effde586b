import type { Response } from "express";
import { readOpenCircuits } from "../../../shared/db/operators/circuit-reports.ts";
import { readRefusedKeys } from "../../../shared/db/operators/refused-keys.ts";
import { listPauses } from "../../../shared/db/voices/assistant-pauses.ts";
import type { ApiContext } from "../api-context.ts";
import type { Html } from "./html.ts";
import { operatorPage } from "./page.ts";

/** Sends a page for operators, with the trouble of providers, and assistants that are paused. */
export async function sendOperatorPage(
  res: Response,
  { db: { pool }, siteId }: Pick<ApiContext, "db" | "siteId">,
  { title, content }: { title: string; content: Html },
): Promise<void> {
  const [refusedKeys, openCircuits, pauses] = await Promise.all([
    readRefusedKeys(pool),
    readOpenCircuits(pool),
    listPauses(pool, siteId),
  ]);
  res.send(operatorPage({ title, content, trouble: { refusedKeys, openCircuits, pauses } }));
}
