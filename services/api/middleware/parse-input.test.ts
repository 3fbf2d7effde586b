// cspell:words mesage
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Problem } from "../../../shared/errors.ts";
import { historyQuery } from "../../../shared/protocol/conversation.ts";
import { submitRequest } from "../../../shared/protocol/submit.ts";
import { parseBody, parseQuery } from "./parse-input.ts";

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("the input was accepted");
}

describe("body of a request", () => {
  const parse = (body: unknown) => parseBody(submitRequest(100), body);

  it("names unknown fields beside a missing one", () => {
    const { message, errors } = problemOf(() => parse({ mesage: "Hello", user: 7 }));
    expect(message).toBe('message: is required. Unknown fields: "mesage", "user"');
    expect(errors).toEqual([
      { path: "message", message: "is required" },
      { path: "mesage", message: "is not a known field" },
      { path: "user", message: "is not a known field" },
    ]);
  });

  it("drops unknown fields when it is valid", () => {
    expect(parse({ message: "Hello", user: 7 })).toEqual({ message: "Hello" });
  });

  it.each([[null], [[]], ["text"], [7]])("must be an object, not %j", (body) => {
    expect(problemOf(() => parse(body)).message).toMatch(/^The body: must be an object, not /);
  });

  it("reports a bounded number of faults of bounded length", () => {
    const body = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${index}`.padEnd(5000, "x"), 1]));
    const { message, errors } = problemOf(() => parse(body));
    expect(message.length).toBeLessThan(300);
    expect(errors).toHaveLength(20);
    expect(Math.max(...(errors ?? []).map(({ path }) => path.length))).toBeLessThanOrEqual(200);
  });
});

describe("query of a request", () => {
  const parse = (search: string) => parseQuery(historyQuery, Object.fromEntries(new URLSearchParams(search)));

  it.each(["limit[]=5", "limit[0]=5", "limit%5B%5D=5", "before[]=a"])("refuses a name with brackets: %s", (search) => {
    expect(problemOf(() => parse(search)).message).toMatch(/^(limit|before)\[0?\]: is not allowed/);
  });

  it.each(["limit=1e2", "limit=0x10", "limit=5.0", "limit=+5", "limit=%205", "limit=", "limit=-1", "limit=५"])(
    "refuses a number that is not decimal digits: %s",
    (search) => {
      expect(problemOf(() => parse(search)).message).toBe("limit: must be a whole number");
    },
  );

  it("refuses a parameter that is given twice", () => {
    const query = { limit: ["5", "6"] };
    expect(problemOf(() => parseQuery(historyQuery, query)).message).toBe("limit: must be given once");
  });

  it.each(["limit=0", "limit=201"])("refuses a number out of range: %s", (search) => {
    expect(problemOf(() => parse(search)).message).toMatch(/^limit: must be at (least 1|most 200)$/);
  });

  it("ignores parameters of others, and names them when it is invalid", () => {
    expect(parse("limit=5&utm_source=mail")).toEqual({ limit: 5 });
    expect(problemOf(() => parse("limit=x&utm_source=mail")).message).toMatch(/Unknown fields: "utm_source"$/);
  });

  it("keeps fields of objects it parses", () => {
    expect(parseQuery(z.object({ a: z.string() }), { a: "b" })).toEqual({ a: "b" });
  });
});
