import { MikroORM } from "@mikro-orm/postgresql";
import { readdirSync } from "node:fs";
import type { Pool } from "pg";
import { inject, describe, expect, it, onTestFinished } from "vitest";
import { randomBytes } from "node:crypto";
import { dropDatabase, runAsAdmin, urlOfDatabase } from "../../testing/stores/postgres-admin.ts";
import { quietLog } from "../../testing/fixtures/quiet-log.ts";
import { openDatabase } from "../database.ts";
import { ormOptions } from "./orm.ts";

const migrations = readdirSync(new URL("../../../migrations", import.meta.url))
  .map((file) => file.replace(/\.ts$/, ""))
  .toSorted((a, b) => (a < b ? -1 : 1));

/**
 * During a rolling update the version before writes into the new schema. It knows nothing of new columns, and all it
 * knows must still be there and take what it writes.
 */
describe("migration check", () => {
  it.each(migrations.slice(1).map((name, index) => ({ name, before: migrations[index] ?? "" })))(
    "leaves the version before it able to work: $name",
    async ({ name, before }) => {
      const { pool, orm } = await openEmpty();
      await orm.migrator.up({ to: before });
      const [had, ruled] = [await readColumns(pool), await readRules(pool)];
      await orm.migrator.up({ to: name });
      const has = await readColumns(pool);
      expect(hurt(had, has)).toEqual([]);
      // A rule about what is new binds only who knows of it; one about old columns may refuse what was always written.
      const known = (columns: string[]) => columns.every((column) => had.has(column));
      const added = (await readRules(pool)).filter(({ rule, columns }) => known(columns) && !isIn(ruled, rule));
      expect(added.map(({ rule }) => rule)).toEqual([]);
    },
  );

  it("detects a migration that removes something", async () => {
    const { pool, orm } = await openEmpty();
    await orm.migrator.up();
    const [had, ruled] = [await readColumns(pool), await readRules(pool)];
    for (const [change, why] of [
      ["alter table jobs drop column model", "jobs.model is gone"],
      ["alter table jobs rename column model to engine", "jobs.model is gone"],
      ["alter table jobs alter column turn type bigint", "jobs.turn was integer, is bigint"],
      ["alter table jobs alter column model set not null", "jobs.model must be written now"],
      ["alter table jobs add column kind text not null", "jobs.kind must be written now"],
      ["drop table runs", "runs.attempt is gone"],
    ] as const) {
      await pool.query("begin");
      await pool.query(change);
      expect(hurt(had, await readColumns(pool)), change).toContain(why);
      await pool.query("rollback");
    }
    await pool.query("create unique index on jobs (message_id)");
    expect((await readRules(pool)).filter(({ rule }) => !isIn(ruled, rule))).toHaveLength(1);
  });
});

async function openEmpty(): Promise<{ pool: Pool; orm: MikroORM }> {
  const { adminUrl, prefix } = inject("postgres");
  const name = `${prefix}${randomBytes(4).toString("hex")}`;
  await runAsAdmin(adminUrl, `create database ${name}`);
  onTestFinished(() => dropDatabase(adminUrl, name));
  const url = urlOfDatabase(adminUrl, name);
  const orm = await MikroORM.init(ormOptions(url));
  onTestFinished(() => orm.close());
  // One connection, so that a transaction stays on it.
  const { pool, ...db } = openDatabase(url, quietLog(), { connections: 1 });
  onTestFinished(() => db.close());
  return { pool, orm };
}

interface Column {
  type: string;
  /** An insert that does not name it fails. */
  wanted: boolean;
}

async function readColumns(pool: Pool): Promise<Map<string, Column>> {
  const { rows } = await pool.query<Column & { name: string }>(`
    select table_name || '.' || column_name as name, data_type as type,
           is_nullable = 'NO' and column_default is null and is_identity = 'NO' as wanted
    from information_schema.columns where table_schema = 'public'`);
  return new Map(rows.map(({ name, ...column }) => [name, column]));
}

interface Rule {
  rule: string;
  /** That it is about, as `table.column`. */
  columns: string[];
}

/** Rules on what a row may not be, beside its columns' types: unique indexes, checks and references. */
async function readRules(pool: Pool): Promise<Rule[]> {
  const { rows } = await pool.query<Rule>(`
    select pg_get_indexdef(indexrelid) as rule,
           array(select indrelid::regclass || '.' || attname from pg_attribute
                 where attrelid = indrelid and attnum = any(indkey))::text[] as columns
    from pg_index join pg_class on pg_class.oid = indrelid
    where indisunique and relnamespace = 'public'::regnamespace
    union all
    select conrelid::regclass || ' ' || pg_get_constraintdef(pg_constraint.oid),
           array(select conrelid::regclass || '.' || attname from pg_attribute
                 where attrelid = conrelid and attnum = any(conkey))::text[]
    from pg_constraint where connamespace = 'public'::regnamespace and contype in ('c', 'f', 'x')`);
  return rows;
}

function isIn(rules: readonly Rule[], wanted: string): boolean {
  return rules.some(({ rule }) => rule === wanted);
}

/** In what the version before would stumble. */
function hurt(had: Map<string, Column>, has: Map<string, Column>): string[] {
  const lost = [...had].flatMap(([name, { type, wanted }]) => {
    const now = has.get(name);
    if (now === undefined) return [`${name} is gone`];
    if (now.type !== type) return [`${name} was ${type}, is ${now.type}`];
    return now.wanted && !wanted ? [`${name} must be written now`] : [];
  });
  const tables = new Set([...had.keys()].map((name) => name.split(".")[0]));
  const added = [...has].filter(([name, { wanted }]) => !had.has(name) && wanted && tables.has(name.split(".")[0]));
  return [...lost, ...added.map(([name]) => `${name} must be written now`)];
}
