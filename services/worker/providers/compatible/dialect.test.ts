import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import { collect, testRequest } from "../provider.testsuite.ts";
import type { PromptMessage } from "../provider.ts";
import { createCompatibleProvider } from "./compatible.ts";

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

const start = () => createCompatibleProvider({ baseUrl: fake.url, model: "m" });
const refuses = (error: unknown, status = 400) => ({ status, body: JSON.stringify(error) });
const bodies = () => fake.calls.map(({ request }) => request.body as Record<string, unknown>);

describe("request refused by a server", () => {
  it.each<[string, object, number, string]>([
    [
      "OpenAI",
      {
        error: { message: "Unsupported parameter: 'max_tokens'.", param: "max_tokens", code: "unsupported_parameter" },
      },
      400,
      "max_tokens",
    ],
    [
      "FastAPI",
      { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] },
      422,
      "stream_options",
    ],
    ["words only", { error: "Unrecognized request argument supplied: stream_options" }, 400, "stream_options"],
    [
      "a bare object",
      { object: "error", message: "stream_options is not supported", code: 400 },
      400,
      "stream_options",
    ],
    [
      "a field within it",
      { error: { message: "unknown field", param: "stream_options.include_usage", code: "unknown_parameter" } },
      400,
      "stream_options",
    ],
  ])("is made again without the field that it names, once: %s", async (_, error, status, field) => {
    const provider = start();
    fake.next(refuses(error, status), { steps: ["Yes."] });
    expect(await collect(provider)).toMatchObject({ text: "Yes.", error: undefined });
    await collect(provider);
    expect(bodies().map((body) => field in body)).toEqual([true, false, false]);
  });

  it.each([
    [400, { error: { message: "registry/model:7b does not support tools", type: "api_error" } }],
    [404, { error: { message: "No endpoints found that support tool use. Try another model.", code: 404 } }],
    [400, { object: "error", message: '"auto" tool choice requires --enable-auto-tool-choice to be set' }],
    [500, { error: { message: "tools param requires --jinja flag", code: 500 } }],
    [400, { error: { message: "Function calling is not enabled for this model" } }],
  ])("is made again without tools by a server that knows none: %s %j", async (status, error) => {
    const provider = start();
    const tools = [{ name: "handoff", description: "Hands over", parameters: { type: "object" } }];
    fake.next(refuses(error, status), { steps: ["Yes."] });
    expect(await collect(provider, { request: { ...testRequest, tools } })).toMatchObject({
      text: "Yes.",
      error: undefined,
    });
    await collect(provider, { request: { ...testRequest, tools, mayCall: false } });
    expect(bodies().map((body) => "tools" in body || "tool_choice" in body)).toEqual([true, false, false]);
  });

  it("is repeated as long as it names another field", async () => {
    const named = (param: string) =>
      refuses({ error: { message: "Unsupported parameter", param, code: "unsupported_parameter" } });
    fake.next(named("max_tokens"), named("max_completion_tokens"), named("stream_options"), { steps: ["Yes."] });
    expect(await collect(start())).toMatchObject({ text: "Yes.", error: undefined });
    expect(Object.keys(bodies()[3] ?? {}).toSorted()).toEqual(["messages", "model", "stream"]);
  });

  const unsupported = {
    error: { message: "Unsupported parameter", param: "max_tokens", code: "unsupported_parameter" },
  };

  it.each<[string, string, string]>([
    ["as JSON", "application/json", JSON.stringify(unsupported)],
    ["as JSON over several lines", "application/json", JSON.stringify(unsupported, null, 2)],
    ["as an event", "text/event-stream", `data: ${JSON.stringify(unsupported)}\n\ndata: [DONE]\n\n`],
    ["as an event named so", "text/event-stream", `event: error\ndata: ${JSON.stringify(unsupported.error)}\n\n`],
    ["as a line", "text/event-stream", `: ok\n${JSON.stringify(unsupported)}\n`],
    ["with a status inside", "application/json", '{"code":400,"msg":"Unsupported parameter: max_tokens"}'],
    ["in words", "text/plain", "Unsupported parameter: 'max_tokens' is not supported with this model."],
  ])("with status 200, %s, is learnt from likewise", async (_, type, body) => {
    const provider = start();
    fake.next({ headers: { "content-type": type }, body }, { steps: ["Yes."] });
    expect(await collect(provider)).toMatchObject({ text: "Yes.", error: undefined });
    await collect(provider);
    expect(bodies().map((sent) => "max_tokens" in sent)).toEqual([true, false, false]);
  });

  it("is not made again for an error behind the first words: the server has taken the request", async () => {
    const chunk = { choices: [{ index: 0, delta: { content: "So far" }, finish_reason: null }] };
    const body = [chunk, unsupported].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    fake.next({ headers: { "content-type": "text/event-stream" }, body }, { steps: ["Yes."] });
    expect(await collect(start())).toMatchObject({ text: "So far", error: { code: "rejected" } });
    expect(fake.calls).toHaveLength(1);
  });

  it("is not repeated after status 200 with a rejected key", async () => {
    const answer = { error: { message: "Invalid key: unknown field max_tokens", code: 401 } };
    fake.next({ headers: { "content-type": "application/json" }, body: JSON.stringify(answer) });
    expect((await collect(start())).error).toMatchObject({ code: "rejected", refusedKey: true });
    expect(fake.calls).toHaveLength(1);
  });

  it("moves the instructions into the visitor's message where there is no system role", async () => {
    fake.next(refuses({ error: { message: "System role not supported", type: "BadRequestError" } }), {
      steps: ["Yes."],
    });
    expect(await collect(start())).toMatchObject({ text: "Yes.", error: undefined });
    expect(bodies()[1]?.["messages"]).toMatchObject([{ role: "user", content: "Be brief.\n\nHello" }, {}, {}]);
  });

  it.each<[string, object, number]>([
    [
      "for a value out of bounds",
      { error: { message: "max_tokens is too large: at most 50 are supported", param: "max_tokens" } },
      400,
    ],
    ["for a field that is not ours", { error: { message: "Unsupported parameter: 'top_k'", param: "top_k" } }, 400],
    ["for its key", { error: { message: "Invalid key: unknown field max_tokens" } }, 401],
  ])("is not made again %s", async (_, error, status) => {
    fake.next(refuses(error, status));
    expect((await collect(start())).error).toMatchObject({ code: "rejected", status });
    expect(fake.calls).toHaveLength(1);
  });

  it("is repeated a bounded number of times for the same field", async () => {
    const same = refuses({
      error: { message: "Unsupported parameter", param: "stream_options", code: "unsupported_parameter" },
    });
    fake.next(...Array.from({ length: 10 }, () => same));
    expect((await collect(start())).error).toMatchObject({ code: "rejected" });
    expect(fake.calls).toHaveLength(2);
  });
});

describe("turns of a request", () => {
  const user = (text: string): PromptMessage => ({ role: "user", text });
  const assistant = (text: string): PromptMessage => ({ role: "assistant", text });

  it.each<[string, PromptMessage[], string[]]>([
    ["after a stop before the first word", [user("One"), user("Two")], ["user:One\n\nTwo"]],
    ["after an empty reply", [user("One"), assistant(" "), user("Two")], ["user:One\n\nTwo"]],
    [
      "with two replies in a row",
      [user("One"), assistant("A"), assistant("B"), user("Two")],
      ["user:One", "assistant:A\n\nB", "user:Two"],
    ],
    ["that the assistant begins", [assistant("Hi"), user("One")], ["user:One"]],
  ])("take turns %s", async (_, prompt, expected) => {
    await collect(start(), { request: { ...testRequest, prompt } });
    const messages = bodies()[0]?.["messages"] as { role: string; content: string }[];
    expect(messages.slice(1).map(({ role, content }) => `${role}:${content}`)).toEqual(expected);
  });
});
