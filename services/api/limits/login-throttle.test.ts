import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../../shared/config/config.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { LoginThrottle } from "./login-throttle.ts";
import { openRateLimits } from "./rate-limits.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

async function openThrottle() {
  const lifecycle = new Lifecycle(quietLog());
  onTestFinished(() => lifecycle.close(1000));
  const config = readConfig({ DATABASE_URL: db.url, NODE_ENV: "test" });
  const { failedLogins } = await openRateLimits(config, { siteId: defaultSite, log: quietLog(), lifecycle });
  return new LoginThrottle(failedLogins);
}

/** Outcomes of comparisons that take their time. */
async function attempt(throttle: LoginThrottle, client: string, outcomes: (string | undefined | Error)[]) {
  let compared = 0;
  const tries = outcomes.map((outcome) =>
    throttle.attempt("account", client, async () => {
      compared += 1;
      await sleep(20);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    }),
  );
  const settled = await Promise.allSettled(tries);
  return { compared, refused: settled.filter(({ status }) => status === "rejected").length };
}

it("compares no more concurrent guesses than may fail, however long each takes", async () => {
  const throttle = await openThrottle();
  const wrong = Array.from({ length: 30 }, () => undefined);
  expect(await attempt(throttle, "guesser", wrong)).toEqual({ compared: 10, refused: 20 });
  expect(await attempt(throttle, "guesser", ["right"])).toEqual({ compared: 0, refused: 1 });
  expect(await attempt(await openThrottle(), "guesser", ["right"])).toEqual({ compared: 0, refused: 1 });
});

it("counts neither successes nor faults of the store as guesses", async () => {
  const throttle = await openThrottle();
  for (let round = 0; round < 5; round += 1) {
    const outcomes = Array.from({ length: 5 }, (_, no) => (no % 2 === 0 ? "right" : new Error("the store is away")));
    expect(await attempt(throttle, "honest", outcomes)).toEqual({ compared: 5, refused: 2 });
  }
});
