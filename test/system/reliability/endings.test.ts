import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../harness/api-client.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { heldReply, lastingReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

// Each test starts processes, and waits for their ends. On a busy machine each of both takes seconds.
vi.setConfig({ testTimeout: 90_000 });

onEachBackend("a process that is asked to end", { workers: 0 }, (product) => {
  it("finishes the reply in progress as a worker, and takes no other job", async () => {
    const { client, provider, startWorker } = product();
    const worker = await startWorker();
    const { script, release } = heldReply("Only half of it", " and the rest");
    provider.answer("finish me", script);
    const chat = await client.submit("finish me");
    const stream = await (await client.events(chat)).untilText("Only half of it");
    const exit = worker.stop();
    await eventually("the worker says that it ends", () => worker.output.includes("shutting down"));
    const late = await client.submit("who takes me?");
    release();
    expect(await exit).toBe(0);
    await stream.ended;
    expect(stream.terminal).toMatchObject({
      event: "done",
      data: { attempt: 1, reply: { text: "Only half of it and the rest" } },
    });
    expect(await client.job(late)).toMatchObject({ status: "queued", attempt: 0 });

    const successor = await startWorker();
    expect(await client.ended(late)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await client.ended(chat)).toMatchObject({ attempt: 1 });
    expect(await successor.stop()).toBe(0);
  });

  it("answers requests in flight as an API, and ends soon although a client waits for a reply", async () => {
    const { client, startApi } = product();
    const ending = await startApi();
    const chat = await client.submit("no worker is there");
    const waiting = new ApiClient(ending.url).job(chat, { wait: 20 });
    // Events asked for later are answered, so the wait has begun.
    await new ApiClient(ending.url).events(chat);
    const began = performance.now();
    expect(await ending.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await waiting).toMatchObject({ status: "queued" });
    await client.cancel(chat);
  });

  describe("in mid-reply of a worker that goes on", () => {
    let worker: ServiceProcess;
    beforeAll(async () => {
      worker = await product().startWorker();
    });
    afterAll(() => worker?.stop());

    it("sends its streams away as an API, with an invitation to reconnect, and they continue elsewhere", async () => {
      const { client, provider, startApi } = product();
      const ending = await startApi();
      const { script, release } = heldReply("The first half, é😀", " and the second");
      provider.answer("move over", script);
      const chat = await client.submit("move over");
      const stream = await (await new ApiClient(ending.url).events(chat)).untilText("The first half, é😀");

      expect(await ending.stop()).toBe(0);
      await stream.ended;
      expect(stream.terminal).toBeUndefined();
      expect(stream.names.at(-1)).toBe("wait");
      expect(stream.retries.at(-1)).toBeGreaterThanOrEqual(2000);
      expect(stream.retries.at(-1)).toBeLessThanOrEqual(5000);

      const { lastEventId = "", text } = stream;
      const resumed = await client.events(chat, { lastEventId, text });
      release();
      await resumed.ended;
      expect(resumed.names).not.toContain("reset");
      expect(resumed.text).toBe("The first half, é😀 and the second");
      expect(
        resumed
          .of("delta")
          .map((delta) => delta.text)
          .join(""),
      ).toBe(" and the second");
    });

    it("costs its streams only a reconnect when it is killed as an API", async () => {
      const { client, provider, startApi } = product();
      const doomed = await startApi();
      const { script, release } = heldReply("Up to here", " and on");
      provider.answer("survive", script);
      const chat = await client.submit("survive");
      const stream = await (await new ApiClient(doomed.url).events(chat)).untilText("Up to here");
      await doomed.kill();
      await expect(stream.ended).rejects.toThrow();
      const resumed = await client.events(chat, { lastEventId: stream.lastEventId ?? "", text: stream.text });
      release();
      await resumed.ended;
      expect(resumed.text).toBe("Up to here and on");
      expect(resumed.names).not.toContain("reset");
    });
  });

  describe.concurrent("with requests in flight", () => {
    it("accepts no new requests as an API, and does not wait for a client that never finishes its request", async () => {
      const { startApi } = product();
      const ending = await startApi();
      const unfinished = await beginPost(ending.url);
      const began = performance.now();
      const exit = ending.stop();
      await eventually("the API says that it ends", () => ending.output.includes("shutting down"));
      await expect(fetch(`${ending.url}/livez`)).rejects.toThrow();
      expect(await exit).toBe(0);
      expect(performance.now() - began).toBeLessThan(10_000);
      unfinished.destroy();
    });

    it("ends at once on a second signal", async () => {
      const { client, provider, startApi, startWorker } = product();
      const [worker, api] = await Promise.all([startWorker(), startApi()]);
      provider.answer("no end", lastingReply("").script);
      const chat = await client.submit("no end");
      await provider.called("no end");
      const unfinished = await beginPost(api.url);
      for (const each of [worker, api]) {
        const exit = each.stop();
        await eventually("it says that it ends", () => each.output.includes("shutting down"));
        each.signal("SIGTERM");
        // Not in order: that would be 0, after what is under way.
        expect(await exit).toBe(1);
      }
      unfinished.destroy();
      await client.cancel(chat);
    });
  });
});

/** A client that says it will send more than it does. */
async function beginPost(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  socket.write(
    "POST /api/chat HTTP/1.1\r\nHost: parley\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
  );
  // Its head was read, and it may go on.
  await once(socket, "data");
  socket.write("{");
  return socket;
}
