import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import type { RunLog } from "../run-log.ts";
import type { ChaosTestbed } from "../testbed.ts";
import { ChaosOperator, type DeskOperator } from "./chaos-operator.ts";

const roles: readonly OperatorRole[] = ["admin", "operator", "operator", "operator"];

interface Desk {
  /** The team; the first is its admin. */
  team: readonly DeskOperator[];
  /** Resolves when all operators have left. */
  left: Promise<unknown>;
}

/** Lets the team work until the signal. Their consoles go on, to the target of their readings. */
export async function openDesk(
  testbed: ChaosTestbed,
  { seed, runLog, signal }: { seed: number; runLog: RunLog; signal: AbortSignal },
): Promise<Desk> {
  const team = await Promise.all(roles.map((role, index) => addOperator(testbed.pool, `Operator ${index + 1}`, role)));
  const guard = (work: Promise<void>, number: number) =>
    work.catch((error: unknown) => {
      const said = error instanceof Error ? error.stack : String(error);
      runLog.breach("the harness itself works", `operator ${number}: ${said}`);
    });
  const operators = team.map((_, index) => new ChaosOperator({ number: index + 1, seed, testbed, runLog, team }));
  for (const [index, operator] of operators.entries()) void guard(operator.read(), index + 1);
  const left = Promise.all(operators.map((operator, index) => guard(operator.work(signal), index + 1)));
  return { team, left };
}

async function addOperator(pool: Pool, name: string, role: OperatorRole): Promise<DeskOperator> {
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key);
  if (!keyHash) throw new Error("a new key has no hash");
  await addKey(pool, { siteId: defaultSite, name, role, keyHash, days: 1 });
  const { rows } = await pool.query<{ id: string }>("select id from operators where name = $1", [name]);
  return { id: rows[0]?.id ?? "", role, key };
}

const lookEveryMs = 100;
/** A little longer than readers take to count themselves as late. */
const readLimitMs = 45_000;

/** Lets all readers of events reach what is there now, and leave. */
export async function endReadings({ pool }: ChaosTestbed, runLog: RunLog): Promise<void> {
  const until = Date.now() + readLimitMs;
  for (;;) {
    const { rows } = await pool.query<{ end: number; unnumbered: number }>(
      `select (select count(*) from events where pos is null)::int as unnumbered, coalesce(max(pos), 0)::float8 as end from events`,
    );
    runLog.logEnd = rows[0]?.end ?? 0;
    if (rows[0]?.unnumbered === 0) break;
    if (Date.now() > until) return runLog.breach("every event is numbered", `${rows[0]?.unnumbered} are not`);
    await sleep(lookEveryMs);
  }
  const { rows } = await pool.query<{ id: string; seq: number }>("select id, event_seq as seq from conversations");
  const ends = new Map(rows.map(({ id, seq }) => [id, seq]));
  for (const reading of runLog.readings) {
    const { conversationId } = reading;
    reading.target = conversationId === undefined ? runLog.logEnd : (ends.get(conversationId) ?? 0);
  }
  while (runLog.readings.some(({ ended }) => ended === undefined) && Date.now() < until) await sleep(lookEveryMs);
  for (const { who, ended, target } of runLog.readings) {
    if (ended === undefined || ended === "late")
      runLog.breach("every reader of events reaches the end", `${who} did not reach ${target}`);
  }
}
