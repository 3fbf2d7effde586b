import type { Request } from "express";
import { describe, expect, it } from "vitest";
import { preferredWait } from "./prefer.ts";

function waitOf(prefer: string | undefined): number | undefined {
  const headers: Record<string, string | undefined> = { prefer };
  return preferredWait({ get: (name: string) => headers[name.toLowerCase()] } as Request);
}

describe("Prefer: wait", () => {
  it.each([
    ["wait=10", 10],
    ["wait=0", 0],
    ["WAIT = 7", 7],
    ['wait="20"', 20],
    ["respond-async, wait=5", 5],
    ["wait=5;foo=bar", 5],
    ["wait=5, wait=9", 5],
    ["wait=25", 25],
    ["wait=26", 25],
    ["wait=60", 25],
    ["wait=99999999999999999999", 25],
  ])("is read from %s", (header, expected) => {
    expect(waitOf(header)).toBe(expected);
  });

  it.each([undefined, "", "wait", "wait=", "wait=soon", "wait=-1", "wait=1.5", "wait=1s", "await=3", "return=minimal"])(
    "is none in %j",
    (header) => {
      expect(waitOf(header)).toBeUndefined();
    },
  );
});
