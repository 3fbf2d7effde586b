import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Redis } from "ioredis";
import {
  type Certificates,
  makeCertificates,
  opensslAvailable,
} from "../../../shared/testing/fixtures/certificates.ts";
import { redisAvailable, startRedis, type RedisServer } from "../../../shared/testing/stores/redis.ts";
import { adminPassword, startProduct, type Product } from "../harness/product.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually } from "../harness/suite.ts";

const password = "p@ssword:with%and/";

it.skipIf(!redisAvailable || !opensslAvailable)(
  "works under the documented access rules, over TLS, without a refused command",
  { timeout: 120_000 },
  async () => {
    await using certificates = await makeCertificates();
    await using redis = await startSecured(certificates);
    const env = {
      REDIS_URL: `rediss://parley:${encodeURIComponent(password)}@localhost:${redis.port}`,
      NODE_EXTRA_CA_CERTS: certificates.ca,
      // Whatever an operator may be allowed has to pass the rules.
      ADMIN_QUEUE_ACTIONS: "all",
    };
    await using product = await startProduct({ backend: "postgres", workers: 2, env });
    await talkAndOperate(product);

    const operator = new Redis(redis.port, "localhost", {
      username: "operator",
      password: "operator",
      tls: { ca: await readFile(certificates.ca) },
    });
    try {
      expect(await operator.acl("LOG")).toEqual([]);
      const processes = String(await operator.client("LIST")).split("\n");
      expect(processes.filter((line) => line.includes("user=parley")).length).toBeGreaterThan(5);
    } finally {
      operator.disconnect();
    }
  },
);

/** Does all that a visitor and an operator may do that reaches Redis. */
async function talkAndOperate({ client, provider }: Product): Promise<void> {
  const first = await client.submitPatiently("Are you there?");
  expect((await client.ended(first)).reply?.text).toBe(echoOf("Are you there?"));

  const { script, release } = heldReply("Live text", " and its end");
  provider.answer("Let me watch", script);
  const watched = await client.submitPatiently("Let me watch", { to: first });
  const stream = await (await client.events(watched)).untilText("Live text");
  release();
  await stream.ended;
  expect(stream.terminal?.event).toBe("done");

  provider.answer("Stop this", heldReply("So far").script);
  const stopped = await client.submitPatiently("Stop this", { to: first });
  await (await client.events(stopped)).untilText("So far");
  expect((await client.cancel(stopped)).status).toBe(202);
  expect((await client.ended(stopped)).status).toBe("cancelled");

  const board = (path: string, method = "GET") =>
    client.request(`/admin/queues/api/queues${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` },
    });
  for (const status of ["latest", "waiting", "active", "delayed", "completed", "failed"]) {
    expect((await board(`?activeQueue=answers&status=${status}&page=1&jobsPerPage=10`)).status).toBe(200);
  }
  expect((await board(`/answers/${first.jobId}`)).status).toBe(200);
  expect((await board(`/answers/${first.jobId}/logs`)).status).toBe(200);
  for (const change of ["pause", "resume", "clean/completed"]) {
    expect((await board(`/answers/${change}`, "PUT")).status).toBe(200);
  }

  expect((await client.deleteConversation(first)).status).toBe(204);
  await eventually("health counts the workers and says that all stores are up", async () => {
    const { body } = await client.request("/health");
    const { status, queue } = body as { status: string; queue: { workers: number } };
    return status === "healthy" && queue.workers === 2;
  });
}

/** A Redis that takes nothing but TLS, and knows the user of the documents and one for this test. */
async function startSecured({ ca, cert, key }: Certificates): Promise<RedisServer> {
  const document = await readFile(new URL("../../../docs/deploy.md", import.meta.url), "utf8");
  const [, rules = ""] = /^ACL SETUSER parley (on >PASSWORD .*)$/m.exec(document) ?? [];
  expect(rules).not.toBe("");
  return startRedis({
    settings: async ({ folder, port }) => {
      const aclfile = join(folder, "users.acl");
      const users = ["user default off", "user operator on >operator ~* &* +@all", `user parley ${rules}`];
      await writeFile(aclfile, `${users.join("\n").replace("PASSWORD", password)}\n`);
      return {
        aclfile,
        port: "0",
        "tls-port": `${port}`,
        "tls-cert-file": cert,
        "tls-key-file": key,
        "tls-ca-cert-file": ca,
        "tls-auth-clients": "no",
      };
    },
  });
}
