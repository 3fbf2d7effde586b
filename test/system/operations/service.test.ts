import { describe, expect, it } from "vitest";
import { z } from "zod";
import { assistants, health, providers } from "../../../shared/protocol/service.ts";
import type { ApiAnswer, ApiClient } from "../harness/api-client.ts";
import { adminPassword } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

/** As far as Bull Board's own page reads it. */
const board = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      counts: z.record(z.string(), z.number()),
      jobs: z.array(z.object({ id: z.string(), name: z.string(), data: z.unknown() })),
    }),
  ),
});

onEachBackend("the service", { workers: 2 }, (product) => {
  it("lists its providers, and which of them are configured", async () => {
    const answer = await product().client.request("/api/providers");
    const body = providers.strict().parse(answer.body);
    expect(body.default).toBe("compatible");
    const available = body.providers.filter((provider) => provider.available);
    expect(available.map(({ name }) => name)).toEqual(["compatible", "preset"]);
    for (const { reason } of body.providers.filter((provider) => !provider.available)) {
      expect(reason).toBe("not_configured");
    }
  });

  it("lists its assistants without their instructions", async () => {
    const answer = await product().client.request("/api/assistants");
    const body = assistants.parse(answer.body);
    expect(body.assistants.map(({ type, provider }) => [type, provider])).toEqual([
      ["default", "compatible"],
      ["technical", "compatible"],
    ]);
    expect(answer.text).not.toMatch(/instructions|presets|How you write/);
  });

  it("lists its assistants in the language that is asked for, and refuses what is no language", async () => {
    const { client } = product();
    const read = async (query: string) =>
      assistants.parse((await client.request(`/api/assistants${query}`)).body).assistants[0];
    expect(await read("?locale=de-AT")).toMatchObject({
      name: "Kundenservice",
    });
    expect(await read("?locale=nl")).toEqual(await read(""));
    const refused = await client.request("/api/assistants?locale=not%20one");
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: "locale" }] } });
  });

  it("says how long an assistant's replies usually take, once there are some", async () => {
    const { client, startApi } = product();
    for (const text of ["One", "two", "three", "four", "five"]) await client.ended(await client.submit(text));
    // Any other process may have looked before.
    const { url } = await startApi();
    const listed = assistants.parse(await (await fetch(`${url}/api/assistants`)).json()).assistants;
    const [first, technical] = listed.map(({ typicalReplySeconds }) => typicalReplySeconds);
    expect(first).toBeGreaterThanOrEqual(1);
    expect(technical).toBeUndefined();
  });

  it("reports its health, with the depth of the queue", async () => {
    const { client } = product();
    await client.ended(await client.submit("Count me"));
    const answer = await client.request("/health");
    expect(answer.status).toBe(200);
    const report = health.parse(answer.body);
    expect(report).toMatchObject({
      status: "healthy",
      checks: {
        database: { status: "up" },
        queue: { status: "up" },
        cache: { status: "up" },
        delivery: { status: "up" },
      },
      providers: ["compatible", "preset"],
    });
    await eventually(
      "both workers and the conversation are counted",
      async () => {
        const { stats, queue } = health.parse((await client.request("/health")).body);
        return (
          stats.totalConversations > 0 &&
          stats.totalMessages > 0 &&
          stats.activeConversations > 0 &&
          queue.workers === 2
        );
      },
      14_000,
    );
  });

  it("answers liveness and readiness probes with one word", async () => {
    const { client } = product();
    for (const path of ["/livez", "/readyz"]) {
      expect(await client.request(path)).toMatchObject({ status: 200, text: "" });
    }
  });

  it("serves a page", async () => {
    const answer = await product().client.request("/");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  });

  describe("shows its queue to operators", () => {
    const look = (client: ApiClient, path = "/admin/queues", credentials?: string) =>
      client.request(path, {
        headers:
          credentials === undefined ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      });

    const refused = (answer: ApiAnswer) => {
      expect(answer.status).toBe(401);
      // Without this a browser never asks for them.
      expect(answer.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.text).not.toContain("answers");
    };

    it.each(["/admin/queues", "/admin/queues/", "/admin/queues/api/queues", "/ADMIN/queues/api/queues"])(
      "only (%s is refused)",
      async (path) => {
        refused(await look(product().client, path));
        refused(await product().client.request(path, { token: adminPassword }));
      },
    );

    it.each(["admin:wrong", `root:${adminPassword}`, `:${adminPassword}`, "admin:", "admin"])(
      "with the right credentials only (%s is refused)",
      async (credentials) => {
        refused(await look(product().client, "/admin/queues/api/queues", credentials));
      },
    );

    it("as a page", async () => {
      const answer = await look(product().client, "/admin/queues", `admin:${adminPassword}`);
      expect(answer.status).toBe(200);
      expect(answer.text).toContain("<!DOCTYPE html>");
    });

    it("with its jobs, by their ids alone", async () => {
      const { client, provider } = product();
      const { script, release } = heldReply("held");
      provider.answer("Look at the board", script);
      const active = await client.submit("Look at the board");
      await provider.called("Look at the board");
      const done = await client.submit("Done on the board");
      await client.ended(done);

      const shown = async (status: string) => {
        const path = `/admin/queues/api/queues?activeQueue=answers&status=${status}&page=1&jobsPerPage=50`;
        const answer = await look(client, path, `admin:${adminPassword}`);
        expect(answer.text).not.toMatch(/on the board|Look at/);
        return board.parse(answer.body).queues[0];
      };
      for (const [status, { jobId }] of Object.entries({ active, completed: done })) {
        const queue = await eventually(`the ${status} job is shown`, async () => {
          const now = await shown(status);
          return now?.jobs.some(({ id }) => id === jobId) && now;
        });
        expect(queue.name).toBe("answers");
        expect(queue.counts[status]).toBeGreaterThan(0);
        expect(queue.jobs.find(({ id }) => id === jobId)).toMatchObject({ name: "answer", data: {} });
      }
      release();
      await client.ended(active);
    });
  });
});
