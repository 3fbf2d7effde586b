import { describe, expect, it } from "vitest";
import { readConfig } from "../config/config.ts";
import { fallbacksOf } from "./provider-catalog.ts";

const some = { DATABASE_URL: "postgres://localhost/parley", COMPATIBLE_BASE_URL: "http://127.0.0.1:1" };
const all = {
  ...some,
  ANTHROPIC_API_KEY: "key",
  OPENAI_API_KEY: "key",
  OPENAI_BASE_URL: "http://127.0.0.1:1",
  OPENAI_ASSISTANT_ID: "asst_1",
};

describe("providers called after an assistant's own", () => {
  it("are all configured ones in the catalog's order, without a list", () => {
    expect(fallbacksOf({}, readConfig(all))).toEqual(["anthropic", "openai", "compatible"]);
    expect(fallbacksOf({}, readConfig(some))).toEqual(["compatible"]);
  });

  it("are those of the list, and none if it is empty", () => {
    expect(fallbacksOf({ fallback: ["openai-assistants", "anthropic"] }, readConfig(all))).toEqual([
      "openai-assistants",
      "anthropic",
    ]);
    expect(fallbacksOf({ fallback: [] }, readConfig(all))).toEqual([]);
  });
});
