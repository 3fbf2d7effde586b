import { describe, expect, it } from "vitest";
import { z } from "zod";
import { findFreePort } from "../../../shared/testing/processes/free-port.ts";
import { type ApiAnswer, ApiClient } from "../harness/api-client.ts";
import { startProduct } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

const token = "a metrics token for tests".replaceAll(" ", "-");

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Prometheus' text format, as far as ours goes. */
function parseMetrics({ status, headers, text }: ApiAnswer): Sample[] {
  expect(status).toBe(200);
  expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  return text.split("\n").flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const [, name = "", labels = "", number = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    expect(name, line).not.toBe("");
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", value = ""]) => [key, value]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(number) }];
  });
}

async function scrape(client: ApiClient): Promise<(name: string, labels?: Record<string, string>) => number> {
  const samples = parseMetrics(await client.request("/metrics", { token }));
  return (name, labels = {}) => {
    const found = samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    );
    return found.reduce((sum, { value }) => sum + value, 0);
  };
}

const workerHealth = z.strictObject({
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  timestamp: z.iso.datetime(),
  uptime: z.number(),
  memory: z.object({ rssMb: z.number(), heapUsedMb: z.number() }),
  takesJobs: z.boolean(),
  jobs: z.number(),
  concurrency: z.number(),
  checks: z.record(z.enum(["database", "queue", "cache"]), z.object({ status: z.string() }).loose()),
  openCircuits: z.array(z.string()),
});

onEachBackend("the metrics", { workers: 0, gated: true, env: { METRICS_TOKEN: token } }, (product) => {
  let started: Promise<ApiClient> | undefined;
  /** Client of the one worker. */
  const worker = (): Promise<ApiClient> => (started ??= startWorker());
  const startWorker = async () => {
    const port = await findFreePort();
    await product().startWorker({ WORKER_PORT: String(port) });
    return new ApiClient(`http://127.0.0.1:${port}`);
  };

  it("count requests by route and status, and unknown paths together", async () => {
    const { client } = product();
    for (const path of ["/wp-login.php", "/api/nothing", "/api/jobs", `/x${"y".repeat(50)}`])
      await client.request(path);
    await client.request("/api/jobs/0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f");
    await client.request("/API/Providers/");
    const read = await scrape(client);
    expect(read("parley_http_requests_total", { route: "other", status: "404" })).toBe(4);
    expect(read("parley_http_requests_total", { route: "/api/jobs/{jobId}", status: "401" })).toBe(1);
    expect(read("parley_http_requests_total", { method: "GET", route: "/api/providers", status: "200" })).toBe(1);
    expect(read("parley_http_request_duration_seconds_count", { route: "/api/providers" })).toBe(1);
  });

  it("show the number and age of waiting jobs, and the absence of workers", async () => {
    const { client } = product();
    await client.submit("nobody is there");
    await eventually("it is seen", async () => {
      const read = await scrape(client);
      return (
        read("parley_jobs", { state: "queued" }) === 1 &&
        read("parley_jobs_oldest_age_seconds", { state: "queued" }) > 0
      );
    });
    const read = await scrape(client);
    expect(read("parley_workers")).toBe(0);
    expect(read("parley_store_up", { store: "database" })).toBe(1);
    expect(read("parley_queue_entries", { state: "waiting" })).toBe(1);
    expect(read("parley_postgres_connections", { pool: "main" })).toBeGreaterThan(0);
    expect(read("parley_event_loop_lag_seconds", { quantile: "1" })).toBeGreaterThanOrEqual(0);
    expect(read("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  });

  it("show how a message was answered", { timeout: 60_000 }, async () => {
    const { client, provider } = product();
    const watched = await worker();
    const { script, release } = heldReply("It is", " seen.");
    provider.answer("Is it seen?", script);
    const before = await scrape(watched);
    const chat = await client.submit("Is it seen?");
    const stream = await client.events(chat);
    await provider.called("Is it seen?");
    await eventually("the stream and the job are counted", async () => {
      const [api, own] = [await scrape(client), await scrape(watched)];
      return api("parley_sse_connections") === 1 && own("parley_worker_jobs") === 1;
    });
    release();
    await stream.ended;
    await client.ended(chat);
    const after = await scrape(watched);
    const grown = (name: string, labels?: Record<string, string>) => after(name, labels) - before(name, labels);
    expect(grown("parley_jobs_ended_total", { status: "completed", error: "" })).toBeGreaterThanOrEqual(1);
    expect(grown("parley_replies_total", { provider: "compatible", fallback: "false" })).toBeGreaterThanOrEqual(1);
    const call = { provider: "compatible", model: "default" };
    expect(grown("parley_provider_calls_total", { ...call, outcome: "answered" })).toBeGreaterThanOrEqual(1);
    expect(grown("parley_tokens_total", { ...call, type: "input" })).toBeGreaterThanOrEqual(10);
    expect(grown("parley_tokens_total", { ...call, type: "output" })).toBeGreaterThanOrEqual(2);
    for (const name of ["queue_wait", "first_delta", "reply", "provider_first_delta", "provider_call"]) {
      expect(after(`parley_${name}_seconds_count`), name).toBeGreaterThanOrEqual(1);
    }
    expect(after("parley_circuit_open", { provider: "compatible" })).toBe(0);
    expect(after("parley_worker_concurrency")).toBe(50);
  });

  it("show restarted replies, fallbacks and open circuits", { timeout: 60_000 }, async () => {
    const { client, provider } = product();
    const watched = await worker();
    const before = await scrape(watched);
    const broken = { steps: ["Half of", { cut: true } as const] };
    provider.answer("Break", broken, broken, broken);
    const job = await client.ended(await client.submit("Break"));
    expect(job.reply?.fallback).toBe(true);
    const after = await scrape(watched);
    expect(after("parley_resets_total", { cause: "call" }) - before("parley_resets_total", { cause: "call" })).toBe(3);
    expect(after("parley_replies_total", { provider: "preset", fallback: "true" })).toBeGreaterThanOrEqual(1);
    expect(after("parley_provider_calls_total", { outcome: "unreachable" })).toBeGreaterThanOrEqual(3);

    // Three calls each: the fifth failure in a row opens the circuit.
    for (const message of ["Fail", "Fail again"]) {
      provider.answer(message, ...Array.from({ length: 3 }, () => ({ status: 500, body: "{}" })));
      await client.ended(await client.submit(message));
    }
    expect((await scrape(watched))("parley_circuit_opened_total", { provider: "compatible" })).toBe(1);
  });

  it("show the repairs of the reconciler", { timeout: 30_000 }, async () => {
    const { client, query } = product();
    const watched = await worker();
    const before = (await scrape(watched))("parley_reconciler_repairs_total", { repair: "put_back" });
    const lost = await client.submit("Lose what follows me");
    await client.ended(lost);
    // A job that the queue has never heard of, as after an API that died between its commit and the hand-over. It is there at once with its
    // place: a round of the reconciler in between would look at it again only half a minute later.
    await query(
      `with added as (
         insert into jobs (id, conversation_id, message_id, turn, assistant_type, due_at)
         select gen_random_uuid(), conversation_id, message_id, turn + 1, 'default', now() from jobs where id = $1
         returning id, conversation_id
       )
       update conversations set open_jobs = array[added.id], next_turn = next_turn + 1
       from added where conversations.id = added.conversation_id`,
      [lost.jobId],
    );
    await eventually(
      "it was put back",
      async () => (await scrape(watched))("parley_reconciler_repairs_total", { repair: "put_back" }) > before,
    );
  });

  it("are readable by operators only", async () => {
    const clients = [product().client, await worker()];
    for (const client of clients) {
      for (const wrong of [undefined, "", `${token}x`, token.slice(1)]) {
        const answer = await client.request("/metrics", { token: wrong });
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
        expect(answer.text).not.toContain("parley_");
      }
    }
  });

  it("follow Prometheus' naming rules", async () => {
    for (const client of [product().client, await worker()]) {
      const { text } = await client.request("/metrics", { token });
      for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        expect(name).toMatch(/^(parley|process|nodejs)_[a-z_]+$/);
        expect(name.endsWith("_total"), name).toBe(type === "counter");
        if (type === "histogram") expect(name).toMatch(/_seconds$/);
      }
      expect(text).not.toMatch(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}/);
      expect(text).not.toMatch(/NaN|undefined/);
    }
  });

  it("of a worker's health port show its state, and which store it cannot reach", { timeout: 30_000 }, async () => {
    const watched = await worker();
    const { gate } = product();
    const look = async () => workerHealth.parse((await watched.request("/health")).body);
    expect(
      await eventually("it is well", async () => {
        const report = await look();
        return report.status === "healthy" && report;
      }),
    ).toMatchObject({ takesJobs: true, concurrency: 50 });
    await gate?.shut();
    await eventually("it has noticed", async () => (await watched.request("/readyz")).status === 503);
    const answer = await watched.request("/health");
    expect(answer.status).toBe(503);
    expect(workerHealth.parse(answer.body)).toMatchObject({
      status: "unhealthy",
      checks: { database: { status: "down" } },
    });
    expect((await watched.request("/livez")).status).toBe(200);
    expect((await scrape(product().client))("parley_store_up", { store: "database" })).toBe(0);
    await gate?.reopen();
    await eventually("it is well again", async () => (await watched.request("/readyz")).status === 200);
    expect((await watched.request("/nothing")).status).toBe(404);
  });
});

describe("metrics without a token", () => {
  it.each([
    ["production", 404],
    ["test", 200],
  ])("in %s are answered with %d", async (NODE_ENV, status) => {
    const port = await findFreePort();
    await using product = await startProduct({ backend: "postgres", workers: 0, env: { NODE_ENV } });
    await product.startWorker({ WORKER_PORT: String(port) });
    expect((await product.client.request("/metrics")).status).toBe(status);
    expect((await new ApiClient(`http://127.0.0.1:${port}`).request("/metrics")).status).toBe(status);
  });
});
