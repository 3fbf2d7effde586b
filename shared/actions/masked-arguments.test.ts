import { expect, it } from "vitest";
import { maskArguments } from "./masked-arguments.ts";

it("shows of an argument its name and kind, and nothing of a text, a number or a name that the tool does not declare", () => {
  const args = {
    order: "1042é🙂",
    amount: 4711,
    express: true,
    note: null,
    lines: ["a", "b"],
    address: { street: "Ada's street" },
    "ada@example.com": "1",
  };
  const declared = ["order", "amount", "express", "note", "lines", "address", "absent", "__proto__"];
  expect(maskArguments(args, declared)).toEqual({
    order: "text of 7",
    amount: "number",
    express: "true",
    note: "null",
    lines: "list of 2",
    address: "object of 1",
  });
});
