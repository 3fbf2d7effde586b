import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { type Product, startProduct } from "../system/harness/product.ts";

/** Memory that a container of 512 MB lets a process have; Node takes half of it for the heap. */
const memoryMb = 512;
const heapMb = 256;
/** Others may wait for so many times as long as without the client that misbehaves. */
const maxRatio = 3;
const pairs = 7;
const sliceMs = 1500;
const visitors = 6;
/** Between two messages of one. */
const pauseMs = 5;
/**
 * Another address each time, with all that the limits allow one: what was counted before must not refuse it from the start.
 * All of 127.0.0.0/8 is this machine, on Linux alone.
 */
const misbehavingFrom = (pair: number) => `127.0.0.${2 + pair}`;

// Elsewhere a client has no second address, and no peak of memory can be read.
describe.skipIf(process.platform !== "linux")("one client that misbehaves in eight ways at once", () => {
  it("barely slows others down, and does not kill an API of 512 MB", { timeout: 120_000 }, async () => {
    await using stack = new AsyncDisposableStack();
    const product = stack.use(
      await startProduct({
        backend: "postgres",
        env: {
          NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
          LOG_LEVEL: "warn",
          RATE_LIMIT_MAX_REQUESTS: "100",
          RATE_LIMIT_MAX_READS: "3000",
          RATE_LIMIT_MAX_STREAMS: "100",
        },
      }),
    );
    const child = fork(fileURLToPath(new URL("misbehaving-client-main.ts", import.meta.url)), { stdio: "ignore" });
    stack.defer(() => void child.kill("SIGKILL"));
    const gone = once(child, "exit").then(([code]) => Promise.reject(new Error(`the client ended with ${code}`)));
    gone.catch(() => undefined);
    await Promise.race([once(child, "message"), gone]);
    const crowd = new Crowd(product);
    // Loading and compiling at first use is no part of the comparison.
    await crowd.load(sliceMs);
    const ratios: number[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const aloneMs = p99(await crowd.load(sliceMs));
      const misbehaving = { url: product.client.base, from: misbehavingFrom(pair) };
      ratios.push(p99(await besideMisbehaviour(child, misbehaving, () => crowd.load(sliceMs))) / aloneMs);
    }
    const peakMb = peakMemoryMb(product);
    expect(peakMb).toBeLessThan(memoryMb);
    const { text } = await product.client.request("/metrics");
    for (const reason of ["unanswered", "idle"]) {
      expect(text).toMatch(new RegExp(`parley_http_connections_cut_total\\{reason="${reason}"\\} [1-9]`));
    }
    const shown = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
    console.info(`p99 of others beside it, as times of alone: ${shown}; at most ${peakMb} MB`);
    // Half of the pairs: what other work on the machine does to one slice tells nothing of the client.
    expect(ratios.toSorted((a, b) => a - b)[pairs >> 1]).toBeLessThan(maxRatio);
  });
});

async function besideMisbehaviour<T>(
  child: ChildProcess,
  misbehaving: { url: string; from: string },
  run: () => Promise<T>,
): Promise<T> {
  child.send(misbehaving);
  // It has its connections open, and the first of its requests are there.
  await sleep(200);
  const result = await run();
  child.send("stop");
  await sleep(200);
  return result;
}

/** Visitors who behave, each message from an address that has some left. */
class Crowd {
  readonly #base: string;
  #addresses = 0;

  constructor({ client }: Product) {
    this.#base = client.base;
  }

  /** @returns how long each message took to be accepted, in milliseconds */
  async load(forMs: number): Promise<number[]> {
    const until = performance.now() + forMs;
    const times = await Promise.all(Array.from({ length: visitors }, () => this.#visit(until)));
    return times.flat();
  }

  async #visit(until: number): Promise<number[]> {
    const times: number[] = [];
    while (performance.now() < until) {
      this.#addresses += 1;
      const localAddress = `127.1.${this.#addresses >> 8}.${this.#addresses & 255}`;
      const agent = new Agent({ connections: 1, pipelining: 1, localAddress });
      for (let sent = 0; sent < 50 && performance.now() < until; sent += 1) times.push(await this.#send(agent));
      await agent.destroy();
    }
    return times;
  }

  async #send(dispatcher: Agent): Promise<number> {
    const began = performance.now();
    const { statusCode, body } = await request(`${this.#base}/api/chat`, {
      dispatcher,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message: "How long does this take?" }),
    });
    const text = await body.text();
    const ms = performance.now() - began;
    if (statusCode !== 202) throw new Error(`${statusCode} for a visitor who behaves: ${text}`);
    await sleep(pauseMs);
    return ms;
  }
}

function p99(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

/** The most that the API ever had in memory. */
function peakMemoryMb({ apis }: Product): number {
  const status = readFileSync(`/proc/${apis[0]?.pid}/status`, "utf8");
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}
