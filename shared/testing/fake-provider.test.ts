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
  it("streams what its script says, in the wire of chat completions", async () => {
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

  it("answers in one body when no stream is asked for", async () => {
    fake.next({ steps: ["Hi", " there"] });
    const body = await (await ask({ stream: false })).json();
    expect(body).toMatchObject({ choices: [{ message: { content: "Hi there" }, finish_reason: "stop" }] });
  });

  it("uses queued scripts first, then asks its function with the request", async () => {
    await fake.close();
    fake = await startFakeProvider({ script: ({ messages }) => ({ steps: [`You said: ${messages.at(-1)?.text}`] }) });
    fake.next({ status: 503, body: "busy" });
    expect((await ask()).status).toBe(503);
    expect(await (await ask()).text()).toContain("You said: Hello");
  });

  it("sends nothing past a step that waits, until it is time", async () => {
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

  it("splits its writes where it is told, and a client sees each on its own", async () => {
    fake.next({ steps: ["abc"], splitAt: [10, 11] });
    const httpEndMark = 0;
    expect(await sizesOfReads()).toEqual([10, 1, expect.any(Number), httpEndMark]);
  });

  it("keeps what it was asked, and who went away", async () => {
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

  it("counts", async () => {
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

  it("says no to what it does not know", async () => {
    expect((await fetch(`${fake.url}/unknown`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${fake.url}/chat/completions`, { method: "POST", body: "{" })).status).toBe(400);
  });
});

function ask(changes: object = {}, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "Hello" }], ...changes });
  return fetch(`${fake.url}/chat/completions`, { method: "POST", body, ...(signal && { signal }) });
}

async function readStats(): Promise<unknown> {
  return (await fetch(fake.url.replace("/v1", "/stats"))).json();
}

/** Of the body, in bytes, as they come out of the socket: HTTP's own chunk sizes stand beside each. */
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
