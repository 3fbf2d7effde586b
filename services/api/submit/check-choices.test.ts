import pg from "pg";
import { describe, expect, it } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { readConfig } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import { describeProviders } from "../../../shared/assistants/provider-catalog.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { checkChoices } from "./check-choices.ts";
import { KnownProviders } from "./known-providers.ts";

/** Nothing is listening there: what the process knows itself is all there is. */
const noPool = new pg.Pool({ connectionString: "postgres://127.0.0.1:1/none" });

const keeps: Assistant = {
  name: "Keeper",
  description: "Keeps threads",
  instructions: "Be brief.",
  maxOutputTokens: 100,
  maxHistoryTokens: 8000,
  state: "provider",
  presets: [],
};
const assistants = new Map([
  ["default", { ...keeps, state: "own" as const }],
  ["keeper", keeps],
]);
const visitor = { hash: Buffer.alloc(32), formerHash: Buffer.alloc(32) };

function check(
  body: { assistantType?: string; provider?: string },
  { adopt = "false", who }: { adopt?: string; who?: typeof visitor } = {},
) {
  const config = readConfig({
    DATABASE_URL: "postgres://localhost/parley",
    OPENAI_API_KEY: "sk-test",
    COMPATIBLE_BASE_URL: "http://localhost:1/v1",
    ADOPT_THREADS: adopt,
  });
  const request = { message: "Hello", threadId: "conv_1", ...body };
  const providers = new KnownProviders({ pool: noPool, own: describeProviders(config), log: quietLog() });
  return checkChoices({ assistants, config, providers }, request, who);
}

describe("thread id of a request", () => {
  it("is accepted if the assistant allows it or the visitor is verified", async () => {
    const taken = { provider: "openai", id: "conv_1" };
    expect(await check({ assistantType: "keeper" }, { adopt: "true" })).toEqual(taken);
    expect(await check({ assistantType: "keeper" }, { who: visitor })).toEqual(taken);
    await expect(check({ assistantType: "keeper" })).rejects.toThrow("does not continue threads");
  });

  it.each([
    ["an assistant that keeps its conversations here", {}],
    ["a provider that keeps none", { assistantType: "keeper", provider: "compatible" }],
    ["presets", { assistantType: "keeper", provider: "preset" }],
  ])("is refused for %s, whoever brings it", async (_, body) => {
    for (const options of [{ adopt: "true" }, { who: visitor }, { adopt: "true", who: visitor }]) {
      const refusal = check(body, options);
      await expect(refusal).rejects.toThrow(Problem);
      await expect(refusal).rejects.toThrow("keeps no threads");
    }
  });
});
