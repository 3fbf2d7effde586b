import { describe, expect, it } from "vitest";
import { z } from "zod";
import { serializeError } from "./serialize-error.ts";

const text = "my card is 4111 1111";

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("logged error", () => {
  it("has type, message, origin and causes", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const serialized = serializeError(new TypeError("no answer", { cause }));
    expect(serialized).toMatchObject({
      type: "TypeError",
      message: "no answer",
      cause: { message: "connect ECONNREFUSED", code: "ECONNREFUSED" },
    });
    expect(JSON.stringify(serialized)).toContain("serialize-error.test.ts");
  });

  it.each([
    ["PostgreSQL", Object.assign(new Error("violates check"), { code: "23514", detail: `Failing row (${text})` })],
    ["Redis", Object.assign(new Error("READONLY"), { command: { name: "eval", args: [text] } })],
    ["a body parser", Object.assign(new Error("too large"), { body: text })],
    ["JSON", thrownBy(() => JSON.parse(text))],
    ["JSON, as a cause", new Error("bad event", { cause: thrownBy(() => JSON.parse(text)) })],
    ["zod", thrownBy(() => z.strictObject({}).parse({ [text]: 1 }))],
    ["a thrown text", text],
    ["several at once", new AggregateError([thrownBy(() => JSON.parse(text))], "all failed")],
  ])("quotes nothing that %s had before it", (_, error) => {
    expect(JSON.stringify(serializeError(error))).not.toContain("card");
  });

  it("ends even if its causes are circular", () => {
    const first = new Error("first");
    const second = new Error("second", { cause: first });
    first.cause = second;
    expect(JSON.stringify(serializeError(first))).toContain("second");
  });
});
