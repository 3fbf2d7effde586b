import { describe, expect, it } from "vitest";
import { BenchOptionsError } from "../options.ts";
import { recommendWorkers } from "./recommend-workers.ts";
import { simulationHelp, readSimulationOptions } from "./options.ts";

describe("readSimulationOptions()", () => {
  it("requires nothing but --rate", () => {
    expect(readSimulationOptions(["--rate", "40"])).toMatchObject({
      load: { rate: 40, burst: 1 },
      replies: { tokens: { median: 250, p95: 625 } },
      workers: undefined,
      concurrency: 50,
      waitMs: 2000,
      lengthMs: 5_000_000,
    });
  });

  it("finds every option in the help text", () => {
    const named = [...simulationHelp.matchAll(/--([a-z][a-z0-9-]*)/g)].map(([, name]) => name);
    for (const name of named.filter((each) => each !== "help" && each !== "rate")) {
      const value = name === "fallback" ? [] : ["4"];
      expect(() =>
        readSimulationOptions(["--rate", "4", "--tokens", "2", "--first", "1", `--${name}`, ...value]),
      ).not.toThrow();
    }
    expect(readSimulationOptions(["--help"])).toBe("help");
  });

  it.each([
    { args: [], says: "--rate: expected" },
    { args: ["--rate", "many"], says: '--rate: expected a number from 0.001 to 100000, not "many"' },
    { args: ["--rate", "-1"], says: "--rate" },
    { args: ["--rate", ""], says: "--rate: expected a number" },
    { args: ["--rate", "4", "--workers", "2.5"], says: "--workers: expected a whole number" },
    { args: ["--rate", "4", "--workers", "0"], says: "--workers: expected a whole number from 1" },
    {
      args: ["--rate", "4", "--tokens", "300", "--tokens-p95", "200"],
      says: "--tokens-p95: expected a number from 300",
    },
    { args: ["--rate", "0.1", "--minutes", "1"], says: "--minutes: expected a duration" },
    { args: ["--rate", "4", "--wrokers", "2"], says: "--wrokers" },
    { args: ["--rate", "4", "five"], says: "five" },
  ])("refuses $args, and names the faulty option", ({ args, says }) => {
    expect(() => readSimulationOptions(args)).toThrow(BenchOptionsError);
    expect(() => readSimulationOptions(args)).toThrow(says);
  });
});

describe("recommendWorkers()", { timeout: 60_000 }, () => {
  const ask = (...args: string[]) => {
    const question = readSimulationOptions(["--minutes", "1", ...args]);
    if (question === "help") throw new Error("no question");
    return recommendWorkers(question);
  };

  it("recommends the smallest number of workers that meets the wait limit", () => {
    const [, least = 0] = /^With (\d+) workers/m.exec(ask("--rate", "40")) ?? [];
    const p95 = (workers: number) =>
      Number(/first token +\S+ s +(\S+) s/.exec(ask("--rate", "40", "--workers", String(workers)))?.[1]);
    expect(p95(Number(least))).toBeLessThanOrEqual(2);
    expect(p95(Number(least) - 1)).toBeGreaterThan(2);
  });

  it("gives the same answer for the same options", () => {
    expect(ask("--rate", "5", "--calls", "10")).toBe(ask("--rate", "5", "--calls", "10"));
  });

  it("reports when no number of workers meets the limit", () => {
    expect(ask("--rate", "5", "--first", "3")).toContain("first token itself is too late");
    expect(ask("--rate", "5", "--row", "3", "--first", "3")).toContain("With no number of workers");
    expect(ask("--rate", "50", "--backlog", "100")).toContain("raise MAX_BACKLOG");
  });

  it("advises how many workers stay within a provider's limit of calls", () => {
    const text = ask("--rate", "40", "--calls", "110", "--workers", "6");
    expect(text).toMatch(/by a preset \d/);
    expect(text).toContain("2 workers of 50 never have more than 110 calls in flight");
    expect(ask("--rate", "40", "--calls", "110", "--workers", "6", "--fallback")).toMatch(/by the fallback \d/);
  });
});
