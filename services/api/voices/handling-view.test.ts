import { v7 } from "uuid";
import { expect, it, onTestFinished } from "vitest";
import { storePresence } from "../../../shared/db/voices/presence.ts";
import type { Hours } from "../../../shared/hours/hours.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { addOperator } from "../../../shared/testing/fixtures/operators.ts";
import { HandlingView } from "./handling-view.ts";

const always = [{ from: 0, to: 24 * 60 }];
const hours: Hours = {
  zone: "UTC",
  week: { mon: always, tue: always, wed: always, thu: always, fri: always, sat: always, sun: always },
  dates: {},
};
const waiting = { handledBy: "waiting", operator: null } as const;

it("tells a visitor who waits what presence and hours of the site promise, and nothing while they cannot be read", async () => {
  const db = await openTestDatabase();
  onTestFinished(() => db[Symbol.asyncDispose]());
  const open = (known?: Hours) => new HandlingView({ pool: db.pool, siteId: defaultSite, hours: () => known });
  expect(await open().describe(v7(), waiting)).toEqual({
    handledBy: "waiting",
    expected: { state: "address", emailAsked: true },
  });
  expect(await open(hours).describe(v7(), waiting)).toEqual({
    handledBy: "waiting",
    expected: { state: "today", emailAsked: true },
  });
  const { id } = await addOperator(db.pool);
  await storePresence(db.pool, id, true);
  expect(await open(hours).describe(v7(), waiting)).toMatchObject({ expected: { state: "now", emailAsked: false } });
  await db.pool.query("alter table operators rename to elsewhere");
  expect(await open(hours).describe(v7(), waiting)).toMatchObject({ expected: { state: "address", emailAsked: true } });
  expect(await open(hours).describe(v7(), { ...waiting, handledBy: "ai" })).toEqual({ handledBy: "ai" });
});
