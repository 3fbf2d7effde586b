import type { Response } from "express";
import type { Pool } from "pg";
import { readOpenCircuits } from "../../../shared/db/operators/circuit-reports.ts";
import { readRefusedKeys } from "../../../shared/db/operators/refused-keys.ts";
import type { Html } from "./html.ts";
import { operatorPage } from "./page.ts";

/** Sends a page for operators, with the trouble of providers. */
export async function sendOperatorPage(
  res: Response,
  pool: Pool,
  { title, content }: { title: string; content: Html },
): Promise<void> {
  const [refusedKeys, openCircuits] = await Promise.all([readRefusedKeys(pool), readOpenCircuits(pool)]);
  res.send(operatorPage({ title, content, trouble: { refusedKeys, openCircuits } }));
}
