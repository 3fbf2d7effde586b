import { pino } from "pino";
import { expect, it } from "vitest";
import { limitFaults } from "./limit-faults.ts";

interface Line {
  msg: string;
  fault?: string;
  omitted?: number;
}

function record() {
  const clock = { now: 0 };
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  return { clock, lines, log: pino({ hooks: limitFaults(() => clock.now) }, { write }) };
}

function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

it("a store's refusal is logged once a minute over all parts and child loggers, per fault", () => {
  const { clock, lines, log } = record();
  const child = log.child({ jobId: "a job" });
  for (let call = 0; call < 1000; call += 1) {
    log.warn({ err: refusal("OOM command not allowed") }, "queue");
    child.error({ err: refusal("OOM command not allowed") }, "reconciler");
    log.warn({ err: refusal("READONLY You can't write against a read only replica.") }, "queue");
  }
  expect(lines.map(({ fault }) => fault)).toEqual([
    "Redis is full and takes no writes",
    "Redis is a replica and takes no writes",
  ]);
  clock.now = 60_000;
  child.warn({ err: refusal("OOM command not allowed") }, "reconciler");
  expect(lines.at(-1)).toMatchObject({ msg: "reconciler", omitted: 1999 });
});

it("the last line of a process is written even if its fault was logged before", () => {
  const { lines, log } = record();
  log.warn({ err: refusal("READONLY You can't write against a read only replica.") }, "waiting");
  log.fatal({ err: new Error("not ready", { cause: refusal("READONLY") }) }, "could not start");
  expect(lines.map(({ msg }) => msg)).toEqual(["waiting", "could not start"]);
});

it("all other lines are written each time", () => {
  const { lines, log } = record();
  for (let call = 0; call < 3; call += 1) {
    log.warn({ err: new Error("OOM, says a visitor") }, "queue");
    log.info({ err: refusal("OOM command not allowed") }, "told");
    log.warn("plain");
  }
  expect(lines).toHaveLength(9);
});
