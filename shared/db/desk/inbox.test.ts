import type { Pool } from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { InboxView } from "../../protocol/operator.ts";
import { inboxView } from "../../protocol/operator.ts";
import type { Statement } from "../../postgres/statement.ts";
import { defaultSite } from "../../sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import {
  inboxAllStatement,
  inboxClosedStatement,
  inboxMineStatement,
  type InboxRow,
  inboxWaitingStatement,
  readInbox,
} from "./inbox.ts";

const conversations = 100_000;
const operatorId = "0190a7e4-7c1b-7d3e-9f52-0a1b2c3d4e5f";

/** Each second has five conversations, so that times alone do not order them. */
const fill = [
  `insert into conversations (id, assistant_type, next_turn, message_count, created_at, updated_at, handled_by, operator_id,
                              waiting_since, closed_at, deleted_at)
   select md5('c' || c)::uuid, 'default', 2, 1, at, at, handled_by, case when handled_by = 'operator' then '${operatorId}'::uuid end,
          case when handled_by = 'waiting' then at end, case when handled_by = 'ai' and c % 5 = 0 then at end,
          case when c % 97 = 0 then at end
   from generate_series(1, ${conversations}) c,
        lateral (select now() - make_interval(secs => c / 5) as at,
                        case when c % 97 = 0 then 'ai' when c % 500 = 1 then 'waiting' when c % 1000 = 2 then 'operator' else 'ai' end as handled_by) each`,
  `insert into messages (id, conversation_id, turn, sender, text)
   select md5('m' || c)::uuid, md5('c' || c)::uuid, 1, 'user', repeat('x', 300) from generate_series(1, ${conversations}) c`,
  "vacuum analyze",
];

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  for (const text of fill) await db.pool.query({ text, query_timeout: 600_000 } as { text: string });
  return () => db[Symbol.asyncDispose]();
}, 120_000);

async function readPage(view: InboxView, limit: number, after?: InboxRow): Promise<InboxRow[]> {
  const [time = "", id = ""] = after?.place.split("_") ?? [];
  return readInbox(db.pool, { siteId: defaultSite, view, operatorId, limit, after: after && { time, id } });
}

describe("the inbox of a hundred thousand conversations", () => {
  it.each([
    ["waiting", "waiting_since, id", "handled_by = 'waiting'"],
    ["mine", "updated_at desc, id desc", "operator_id is not null"],
    ["closed", "closed_at desc, id desc", "closed_at is not null and deleted_at is null"],
  ] as const)("lists those of the view %s page by page, each once", async (view, order, where) => {
    const { rows } = await db.pool.query<{ id: string }>(
      `select id from conversations where ${where} order by ${order} limit 190`,
    );
    const seen: string[] = [];
    let last: InboxRow | undefined;
    while (seen.length < rows.length) {
      const page = await readPage(view, 7, last);
      expect(page.length).toBeGreaterThan(0);
      seen.push(...page.map(({ id }) => id));
      last = page.at(-1);
    }
    expect(seen.slice(0, rows.length)).toEqual(rows.map(({ id }) => id));
  });

  it("shows the beginning of the last message, and whether it was seen", async () => {
    const [first] = await readPage("waiting", 1);
    expect(first).toMatchObject({
      handledBy: "waiting",
      unseen: true,
      last: { sender: "user", text: "x".repeat(200) },
    });
    await db.pool.query("update conversations set seen_turn = 1 where id = $1", [first?.id]);
    expect((await readPage("waiting", 1))[0]).toMatchObject({ id: first?.id, unseen: false });
  });

  it.each(inboxView.options)("reads few rows for a page of the view %s, the first or a late one", async (view) => {
    const late = new Date(Date.now() - 10_000_000).toISOString();
    for (const time of [view === "waiting" ? "-infinity" : "infinity", late]) {
      const id = "00000000-0000-0000-0000-000000000000";
      const values = [defaultSite, time, id, 50, ...(view === "mine" ? [operatorId] : [])];
      for (const mode of ["force_custom_plan", "force_generic_plan"]) {
        const read = await rowsRead(db.pool, statements[view], { values, mode });
        // A person has a hundred conversations here, which are sorted.
        expect(read, `${time}, ${mode}`).toBeLessThan(view === "mine" ? 400 : 200);
      }
    }
  });
});

const statements: Record<InboxView, Statement<InboxRow>> = {
  waiting: inboxWaitingStatement,
  mine: inboxMineStatement,
  all: inboxAllStatement,
  closed: inboxClosedStatement,
};

interface Plan {
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Plan[];
}

/** Rows of conversations that a statement looks at. */
async function rowsRead(
  pool: Pool,
  { text }: Statement,
  { values, mode }: { values: unknown[]; mode: string },
): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query(`set plan_cache_mode = ${mode}`);
    const types = ["text", "timestamptz", "uuid", "int", "uuid"].slice(0, values.length).join(", ");
    await client.query(`prepare listing (${types}) as ${text}`);
    const given = values.map((value) => (typeof value === "number" ? value : `'${String(value)}'`)).join(", ");
    const { rows } = await client.query<{ "QUERY PLAN": { Plan: Plan }[] }>(
      `explain (analyze, format json) execute listing (${given})`,
    );
    const sum = (plan: Plan): number => {
      const own =
        plan["Relation Name"] === "conversations"
          ? plan["Actual Loops"] *
            (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0) + (plan["Rows Removed by Index Recheck"] ?? 0))
          : 0;
      return own + (plan.Plans ?? []).reduce((total, each) => total + sum(each), 0);
    };
    return rows.flatMap((row) => row["QUERY PLAN"]).reduce((total, { Plan: plan }) => total + sum(plan), 0);
  } finally {
    client.release(true);
  }
}
