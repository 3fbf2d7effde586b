import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { logRefusedOrigins } from "./refused-origins.ts";

function open() {
  const clock = { now: 0 };
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const note = logRefusedOrigins(pino({ base: null }, { write }), () => clock.now);
  return { note, lines, clock };
}

describe("the log of refused origins", () => {
  it("names origin and setting, once a minute for each origin", () => {
    const { note, lines, clock } = open();
    for (let n = 0; n < 5; n += 1) note("https://shop.example");
    note("https://other.example");
    expect(lines.map(({ origin }) => origin)).toEqual(["https://shop.example", "https://other.example"]);
    expect(lines[0]).toMatchObject({ level: 40, setting: "ALLOWED_ORIGINS" });
    expect(lines[0]?.["msg"]).toContain("To let the pages of https://shop.example in, add that to ALLOWED_ORIGINS.");
    clock.now += 59_000;
    note("https://shop.example");
    expect(lines).toHaveLength(2);
    clock.now += 2000;
    note("https://shop.example");
    expect(lines).toHaveLength(3);
  });

  it("names twenty origins a minute at most, and says afterwards how many requests it omitted", () => {
    const { note, lines, clock } = open();
    for (let n = 0; n < 1000; n += 1) note(`https://${n}.example`);
    expect(lines).toHaveLength(20);
    clock.now += 61_000;
    note("https://late.example");
    expect(lines.at(-1)).toMatchObject({ origin: "https://late.example", omitted: 980 });
  });

  it("shortens long origins, and explains pages without one", () => {
    const { note, lines } = open();
    note(`https://${"a".repeat(5000)}.example`);
    expect(JSON.stringify(lines[0]).length).toBeLessThan(800);
    note("null");
    expect(lines[1]?.["msg"]).toContain("sandboxed frame");
  });
});
