import { describe, expect, it } from "vitest";
import { readUsage } from "./usage.ts";

const plain = { prompt_tokens: 64, completion_tokens: 6, total_tokens: 70 };

describe("usage of a server", () => {
  it.each<[string, object]>([
    ["OpenAI", { prompt_tokens_details: { cached_tokens: 32 } }],
    ["Mistral", { num_cached_tokens: 32 }],
    ["DeepSeek", { prompt_cache_hit_tokens: 32, prompt_cache_miss_tokens: 32 }],
    ["Moonshot", { cached_tokens: 32 }],
    ["a gateway to Anthropic", { cache_read_input_tokens: 32 }],
    ["others", { prompt_cached_tokens: 32 }],
    ["others", { input_cached_tokens: 32 }],
    ["one that sends a foreign name as zero", { prompt_tokens_details: { cached_tokens: 0 }, num_cached_tokens: 32 }],
  ])("tells cached tokens as %s does", (_, names) => {
    expect(readUsage({ ...plain, ...names })).toEqual({ inputTokens: 64, cachedInputTokens: 32, outputTokens: 6 });
  });

  it.each<[string, object, object]>([
    [
      "reasoning beside the output, in the total",
      {
        prompt_tokens: 12,
        completion_tokens: 2,
        total_tokens: 354,
        completion_tokens_details: { reasoning_tokens: 340 },
      },
      { inputTokens: 12, outputTokens: 342 },
    ],
    [
      "reasoning beside the output, without a total",
      { prompt_tokens: 12, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 340 } },
      { inputTokens: 12, outputTokens: 342 },
    ],
    [
      "reasoning in the output",
      {
        prompt_tokens: 12,
        completion_tokens: 50,
        total_tokens: 62,
        completion_tokens_details: { reasoning_tokens: 40 },
      },
      { inputTokens: 12, outputTokens: 50 },
    ],
    [
      "thoughts in the total only",
      { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 },
      { outputTokens: 74 },
    ],
    [
      "cached tokens beside the prompt",
      { prompt_tokens: 4, completion_tokens: 6, total_tokens: 110, cache_read_input_tokens: 100 },
      { inputTokens: 104, cachedInputTokens: 100, outputTokens: 6 },
    ],
    ["names of the Responses API", { input_tokens: 3, output_tokens: 2 }, { inputTokens: 3, outputTokens: 2 }],
    ["counts as text", { prompt_tokens: "3", completion_tokens: "2" }, { inputTokens: 3, outputTokens: 2 }],
  ])("counts %s", (_, usage, expected) => {
    expect(readUsage(usage)).toMatchObject(expected);
  });

  it.each<[string, object, number]>([
    ["OpenRouter", { cost: 0.00042 }, 0.00042],
    [
      "OpenRouter with a key of one's own",
      { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } },
      0.021,
    ],
    ["xAI", { cost_in_usd_ticks: 318_319_000 }, 0.0318319],
    ["Perplexity", { cost: { input_tokens_cost: 0.001, request_cost: 0.005, total_cost: 0.006 } }, 0.006],
    ["DeepInfra", { estimated_cost: 0.0001 }, 0.0001],
  ])("names the price of %s", (_, cost, expected) => {
    expect(readUsage({ ...plain, ...cost })?.costUsd).toBeCloseTo(expected, 9);
  });

  it.each([
    [undefined],
    [null],
    ["70"],
    [{}],
    [{ prompt_tokens: 0, completion_tokens: 0 }],
    [{ prompt_tokens: -1, completion_tokens: 2 }],
  ])("is none in %j", (usage) => {
    expect(readUsage(usage)).toBeUndefined();
  });

  it.each([[-1], [Number.NaN], [{}], ["free"]])("has no price in a cost of %j", (cost) => {
    expect(readUsage({ ...plain, cost })).not.toHaveProperty("costUsd");
  });
});
