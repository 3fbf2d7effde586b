import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type JobRef, ApiClient } from "../harness/api-client.ts";
import { adminPassword } from "../harness/product.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

interface BoardRoute {
  method: string | string[];
  route: string | string[];
}

/** All that the installed Bull Board's API can do. */
function readRoutes(): string[] {
  const require = createRequire(import.meta.url);
  const main = require.resolve("@bull-board/api");
  const { appRoutes } = require(join(dirname(main), "routes.js")) as { appRoutes: { api: BoardRoute[] } };
  return appRoutes.api.flatMap(({ method, route }) =>
    [method].flat().flatMap((each) => [route].flat().map((path) => `${each.toUpperCase()} ${path}`)),
  );
}

/** Actions of operators on a queue: all that changes something, and is not here, is refused. */
const allowed = ["PUT /api/queues/:queueName/:jobId/retry", "PUT /api/queues/:queueName/:jobId/clean"];
const refused = [
  "PUT /api/queues/pause",
  "PUT /api/queues/resume",
  "POST /api/queues/:queueName/add",
  "PUT /api/queues/:queueName/retry/:queueStatus",
  "PUT /api/queues/:queueName/promote",
  "PUT /api/queues/:queueName/clean/:queueStatus",
  "PUT /api/queues/:queueName/pause",
  "PUT /api/queues/:queueName/resume",
  "PUT /api/queues/:queueName/concurrency",
  "PUT /api/queues/:queueName/rate-limit",
  "PUT /api/queues/:queueName/rate-limit/release",
  "PUT /api/queues/:queueName/empty",
  "PUT /api/queues/:queueName/obliterate",
  "PUT /api/queues/:queueName/job-schedulers/:schedulerId/remove",
  "PATCH /api/queues/:queueName/job-schedulers/:schedulerId",
  "PUT /api/queues/:queueName/job-schedulers/:schedulerId/run",
  "PUT /api/queues/:queueName/:jobId/promote",
  "PATCH /api/queues/:queueName/:jobId/update-data",
  "PATCH /api/queues/:queueName/:jobId/delay",
  "PATCH /api/queues/:queueName/:jobId/priority",
  "PUT /api/queues/:queueName/:jobId/remove-unprocessed-children",
];

const headers = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };

onSharedProducts("an operator on Bull Board", (product) => {
  let done: JobRef;
  beforeAll(async () => {
    const { client } = product();
    done = await client.submit("An entry of the queue");
    await client.ended(done);
  });
  const ask = (client: ApiClient, route: string, more: Record<string, string> = {}) => {
    const [method = "", path = ""] = route.split(" ");
    const filled = path
      .replace(":queueName", "answers")
      .replace(":jobId", done.jobId)
      .replace(":schedulerId", "a-scheduler")
      .replace(":queueStatus", "completed");
    return client.request(`/admin/queues${filled}`, { method, headers: { ...headers, ...more }, ...bodyOf(method) });
  };
  const bodyOf = (method: string) => (method === "POST" || method === "PATCH" ? { body: {} } : {});
  const refusal = { status: 403, body: { type: "/problems/queue-action-refused" } };

  it("is offered only actions known to this test", () => {
    const changing = readRoutes().filter((route) => !route.startsWith("GET "));
    expect(changing.toSorted()).toEqual([...allowed, ...refused].toSorted());
  });

  it("can view, retry and remove single entries, and nothing else", async () => {
    const { client } = product();
    for (const route of readRoutes()) {
      const answer = await ask(client, route);
      if (refused.includes(route)) expect(answer, route).toMatchObject(refusal);
      else expect(answer.status, route).not.toBe(403);
    }
    for (const method of ["DELETE", "POST", "PATCH", "OPTIONS"]) {
      expect(await ask(client, `${method} /api/queues/answers/${done.jobId}/retry`), method).toMatchObject(refusal);
    }
    const next = await client.submit("Still answered");
    expect(await client.ended(next)).toMatchObject({ status: "completed" });
  });

  it.each([
    "PUT /api/queues/:queueName/clean/clean",
    "PUT /api/queues/:queueName/retry/retry",
    "PUT /api/queues/:queueName/retry/clean",
    "PUT /API/Queues/:queueName/PAUSE",
    "PUT /api/queues/:queueName/pause/",
    "PUT //api/queues/:queueName/pause",
    "PUT /api/queues/:queueName/%70ause",
    "PUT /api/queues/:queueName/:jobId/clean/../../pause",
    "PUT /api/queues/:queueName/:jobId%2fclean",
    "PUT /api/queues/:queueName/pause?x=/:jobId/clean",
  ])("cannot bypass the restriction by another spelling (%s)", async (route) => {
    expect(await ask(product().client, route)).toMatchObject(refusal);
    expect((await ask(product().client, "GET /api/queues", { "x-http-method-override": "PUT" })).status).toBe(200);
  });

  it("can remove a job's queue entry, and the job keeps its reply", async () => {
    const { client } = product();
    const chat = await client.submit("To be removed");
    await client.ended(chat);
    const entry = `/admin/queues/api/queues/answers/${chat.jobId}`;
    // The reply is stored before the worker lets go of the entry, and one in a worker's hands is not removed.
    await eventually("the worker has let go of the entry", async () => {
      const { body } = await client.request(entry, { headers });
      return (body as { status: string }).status === "completed";
    });
    expect((await client.request(`${entry}/clean`, { method: "PUT", headers })).status).toBe(204);
    expect(await client.job(chat)).toMatchObject({ status: "completed" });
  });

  describe("with all actions allowed", () => {
    it("can pause and resume the queue", async () => {
      const { client, startApi } = product();
      const api = await startApi({ ADMIN_QUEUE_ACTIONS: "all" });
      const all = new ApiClient(api.url);
      expect((await ask(all, "PUT /api/queues/:queueName/pause")).status).toBe(200);
      expect((await ask(client, "PUT /api/queues/:queueName/resume")).status).toBe(403);
      expect((await ask(all, "PUT /api/queues/:queueName/resume")).status).toBe(200);
      expect(await client.ended(await client.submit("Answered again"))).toMatchObject({ status: "completed" });
    });
  });
});
