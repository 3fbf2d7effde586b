import { once } from "node:events";
import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeProvider, type FakeProvider } from "./fake-provider.ts";

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

describe("the fake provider", () => {
  it("streams the steps of its script, in the format of chat completions", async () => {
    fake.next({ steps: ["Hi", " 👋"], usage: { inputTokens: 1, outputTokens: 2 }, model: "big" });
    const body = await (await ask()).text();
    const events = body.split("\n\n").map((event) => event.replace(/^data: /, ""));
    expect(events.splice(-2)).toEqual(["[DONE]", ""]);
    const chunks = events.map((event) => JSON.parse(event) as { choices: { delta: object }[] });
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: "assistant", content: "" },
      { content: "Hi" },
      { content: " 👋" },
      {},
      undefined,
    ]);
    expect(chunks.at(-1)).toMatchObject({ model: "big", usage: { prompt_tokens: 1, completion_tokens: 2 } });
  });

  it("answers in one body when no stream is requested", async () => {
    fake.next({ steps: ["Hi", " there"] });
    const body = await (await ask({ stream: false })).json();
    expect(body).toMatchObject({ choices: [{ message: { content: "Hi there" }, finish_reason: "stop" }] });
  });

  it("uses queued scripts first, then calls its function with the request", async () => {
    await fake.close();
    fake = await startFakeProvider({ script: ({ messages }) => ({ steps: [`You said: ${messages.at(-1)?.text}`] }) });
    fake.next({ status: 503, body: "busy" });
    expect((await ask()).status).toBe(503);
    expect(await (await ask()).text()).toContain("You said: Hello");
  });

  it("sends nothing after a waiting step until it resolves", async () => {
    const gate = Promise.withResolvers<void>();
    fake.next({ steps: ["before", { until: gate.promise }, "after"] });
    const reader = (await ask()).body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader?.read())?.value ?? "";
    expect(text).toContain("before");
    expect(text).not.toContain("after");
    gate.resolve();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    expect(text).toContain("after");
  });

  it("splits its writes at given positions, and a client receives each separately", async () => {
    fake.next({ steps: ["abc"], splitAt: [10, 11] });
    const httpEndMark = 0;
    expect(await sizesOfReads()).toEqual([10, 1, expect.any(Number), httpEndMark]);
  });

  it("records requests, and which clients disconnected", async () => {
    fake.next({ steps: ["So far", { stall: true }] }, { steps: [{ cut: true }] }, {});
    const abort = new AbortController();
    await ask({}, abort.signal);
    abort.abort();
    expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    await expect(ask().then((response) => response.text())).rejects.toThrow("terminated");
    expect((await (await fake.waitForCall(2)).ended).how).toBe("cut");
    await (await ask()).text();
    expect((await (await fake.waitForCall(3)).ended).how).toBe("answered");
    expect(fake.calls).toHaveLength(3);
    expect(fake.calls[0]?.request).toMatchObject({ model: "m", streams: true, body: { model: "m" } });
    expect(fake.stats).toMatchObject({ inflight: 0, total: 3 });
  });

  it("escapes characters beyond ASCII on request", async () => {
    fake.next({ steps: ["ü👋"], escapes: true });
    const body = await (await ask()).text();
    expect(body).toContain(String.raw`"content":"\u00fc\ud83d\udc4b"`);
  });

  it("stores conversations, and the messages in them", async () => {
    const { id } = await call("/conversations", { items: [{ type: "message", role: "user", content: "Hello" }] });
    const turn = { model: "m", stream: true, instructions: "Be brief.", conversation: id, input: "And now?" };
    fake.next({ steps: ["All", " well."] });
    await (await post("/responses", turn)).text();
    const said = ["Hello", "And now?", "All well."];
    expect(fake.calls[0]?.request.messages.map(({ text }) => text)).toEqual(["Be brief.", ...said.slice(0, 2)]);
    expect(fake.threads.items(id).map(({ text }) => text)).toEqual(said);
    expect(fake.threads).toMatchObject({ created: [id], deleted: [] });
    expect(fake.threads.calls.map(({ request }) => request.path)).toEqual(["/v1/conversations"]);
    expect(fake.stats.total).toBe(1);
  });

  it("keeps the question of a failed run, but not that of a failed response", async () => {
    const conversation = await call("/conversations", {});
    const thread = await call("/threads", {});
    fake.next({ finishReason: "error" }, { finishReason: "error" });
    await (
      await post("/responses", { model: "m", stream: true, conversation: conversation.id, input: "Hello" })
    ).text();
    const run = { assistant_id: "a", stream: true, additional_messages: [{ role: "user", content: "Hello" }] };
    await (await post(`/threads/${thread.id}/runs`, run)).text();
    expect(fake.threads.items(conversation.id)).toEqual([]);
    expect(fake.threads.items(thread.id)).toMatchObject([{ role: "user", text: "Hello" }]);
  });

  it("fails calls about threads on request, and then changes nothing", async () => {
    fake.threads.next({ status: 503 });
    expect((await post("/threads", {})).status).toBe(503);
    expect(fake.threads.created).toEqual([]);
    expect((await post("/threads", {})).status).toBe(200);
    expect(fake.threads.created).toHaveLength(1);
  });

  it("accepts a thread created elsewhere, but not a deleted one", async () => {
    const turn = { model: "m", stream: true, conversation: "conv_x", input: "Hello" };
    expect((await post("/responses", turn)).status).toBe(200);
    await fetch(`${fake.url}/conversations/conv_x`, { method: "DELETE" });
    expect((await post("/responses", turn)).status).toBe(404);
    expect(fake.threads.deleted).toEqual(["conv_x"]);
  });

  it("counts calls", async () => {
    await (await ask()).text();
    expect(await readStats()).toEqual({ inflight: 0, maxInflight: 1, total: 1 });
    expect(await readStats()).toEqual({ inflight: 0, maxInflight: 0, total: 1 });
  });

  it("closes in the middle of an answer", async () => {
    fake.next({ steps: ["So far", { stall: true }] });
    const response = await ask();
    await fake.close();
    await expect(response.text()).rejects.toThrow("terminated");
    fake = await startFakeProvider();
  });

  it("answers 404 and 400 to unknown requests", async () => {
    expect((await fetch(`${fake.url}/unknown`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${fake.url}/chat/completions`, { method: "POST", body: "{" })).status).toBe(400);
  });
});

function ask(changes: object = {}, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "Hello" }], ...changes });
  return fetch(`${fake.url}/chat/completions`, { method: "POST", body, ...(signal && { signal }) });
}

function post(path: string, body: object): Promise<Response> {
  return fetch(`${fake.url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

async function call(path: string, body: object): Promise<{ id: string }> {
  return (await (await post(path, body)).json()) as { id: string };
}

async function readStats(): Promise<unknown> {
  return (await fetch(fake.url.replace("/v1", "/stats"))).json();
}

/** Sizes of the body's reads, in bytes, as they come out of the socket: HTTP's own chunk sizes stand beside each. */
async function sizesOfReads(): Promise<number[]> {
  const { port } = new URL(fake.url);
  const socket = net.connect(Number(port), "127.0.0.1");
  const body = JSON.stringify({ model: "m", stream: true, messages: [] });
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`);
  socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
  const reads: string[] = [];
  socket.on("data", (data) => reads.push(data.toString("latin1")));
  await once(socket, "end");
  return reads.map((read) => Number.parseInt(/(?:^|\r\n\r\n)([0-9a-f]+)\r\n/.exec(read)?.[1] ?? "0", 16));
}
