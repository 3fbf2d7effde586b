import fc from "fast-check";
import { Agent, request } from "undici";
import { startProduct } from "../system/harness/product.ts";
import { readLiveBytes, withLiveBytes } from "../system/harness/with-live-bytes.ts";
import { type Known, type RouteGroup, routeGroups, type WildRequest, wildRequests } from "./requests.ts";

export interface FuzzResult {
  sent: number;
  /** Count of each status. */
  statuses: Record<string, number>;
  faults: string[];
  /** Growth of the API's live memory from a tenth of each group's requests to the end. */
  grownMb: number;
}

const atOnce = 16;
const answerLimitMs = 5000;
/** Text that must not be in any answer. */
const leaks = /\bat .+\.(ts|js):\d+|node_modules|select .+ from |insert into |ECONNREFUSED|syntax error/i;

/** Sends generated requests to one product, an equal number per group, and checks every answer against the contract. */
export async function fuzz(backend: "postgres" | "redis", perGroup: number, seed: number): Promise<FuzzResult> {
  // No worker runs, so a request that waits for a reply's end takes its full time; none is sent.
  await using product = await startProduct({
    backend,
    workers: 0,
    env: { ...withLiveBytes, LOG_LEVEL: "fatal", MAX_BACKLOG: "100000000" },
  });
  await using stack = new AsyncDisposableStack();
  const agent = stack.adopt(
    new Agent({ connections: atOnce, headersTimeout: answerLimitMs, bodyTimeout: answerLimitMs }),
    (open) => open.destroy(),
  );
  const chats = await Promise.all(["one", "two", "three"].map((text) => product.client.submit(text)));
  const known: Known = {
    conversationIds: chats.map(({ conversationId }) => conversationId),
    jobIds: chats.map(({ jobId }) => jobId),
    messageIds: chats.map(({ messageId }) => messageId),
    tokens: chats.map(({ token }) => token),
  };
  const result: FuzzResult = { sent: 0, statuses: {}, faults: [], grownMb: 0 };
  const sendOfEach = async (count: number, from: number) => {
    for (const group of Object.keys(routeGroups) as RouteGroup[]) {
      const next = fc.sample(wildRequests(group, known), { numRuns: count, seed: from }).values();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (const wild of next) await send(product.client.base, agent, wild, result);
        }),
      );
    }
  };
  const tenth = Math.ceil(perGroup / 10);
  // After these requests, lazily loaded code is in memory.
  await sendOfEach(tenth, seed);
  const early = await readLiveBytes(product.apis[0], 1);
  await sendOfEach(perGroup - tenth, seed + 1);
  const late = await readLiveBytes(product.apis[0], 2);
  result.grownMb = (late - early) / 2 ** 20;
  return result;
}

async function send(base: string, dispatcher: Agent, wild: WildRequest, result: FuzzResult): Promise<void> {
  result.sent += 1;
  const { method, path, body } = wild;
  const told = `${method} ${path.slice(0, 150)} ${JSON.stringify(wild.headers).slice(0, 300)} ${String(body).slice(0, 200)}`;
  try {
    const answer = await request(base + path, {
      dispatcher,
      method: method as "GET",
      headers: wild.headers.flat(),
      body: body ?? null,
      signal: AbortSignal.timeout(answerLimitMs),
    });
    const text = await answer.body.text();
    const { statusCode: status } = answer;
    result.statuses[status] = (result.statuses[status] ?? 0) + 1;
    const type = String(answer.headers["content-type"] ?? "");
    if (status >= 500) result.faults.push(`${status} for ${told}: ${text.slice(0, 300)}`);
    else if (status >= 400 && method !== "HEAD" && !type.startsWith("application/problem+json"))
      result.faults.push(`${status} as ${type} for ${told}: ${text.slice(0, 200)}`);
    if (status >= 400 && leaks.test(text)) result.faults.push(`a leak for ${told}: ${text.slice(0, 300)}`);
  } catch (error) {
    result.faults.push(`${String(error)} for ${told}`);
  }
}
