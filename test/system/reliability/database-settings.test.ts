import { expect, it } from "vitest";
import { endSessions, setDefault } from "../../../shared/testing/stores/empty-database.ts";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { startProduct } from "../harness/product.ts";
import { echoOf, messageOf } from "../harness/scripted-provider.ts";
import { eventually, untilWorkersAreCounted } from "../harness/suite.ts";

const visitors = 40;

it(
  "answers every message by one call, whatever options the URL and defaults the database has",
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase();
    await setDefault(database.url, "default_transaction_isolation", "serializable");
    await setDefault(database.url, "datestyle", "SQL, DMY");
    const url = new URL(database.url);
    url.searchParams.set("options", "-c search_path=public -c default_transaction_isolation=serializable");
    url.searchParams.set("application_name", "shop");
    await using product = await startProduct({ backend: "postgres", workers: 2, env: { DATABASE_URL: url.href } });
    const { client, provider } = product;

    const texts = Array.from({ length: visitors }, (_, n) => `Message ${n}`);
    const jobs = await Promise.all(texts.map((text) => client.submitPatiently(text)));
    for (const [n, job] of jobs.entries()) {
      const { status, reply } = await client.ended(job);
      expect({ status, text: reply?.text }).toEqual({ status: "completed", text: echoOf(`Message ${n}`) });
    }
    expect(provider.calls.filter((call) => texts.includes(messageOf(call) ?? ""))).toHaveLength(visitors);
    await untilWorkersAreCounted(client, 2);
    expect(product.output()).not.toMatch(/40001|serialize access/);
  },
);

it("makes an API unready, with the reason in its health, while the database is read-only", async () => {
  await using product = await startProduct({ backend: "postgres" });
  const { client, databaseUrl } = product;
  expect((await client.request("/readyz")).status).toBe(200);

  await setDefault(databaseUrl, "default_transaction_read_only", "on");
  await endSessions(databaseUrl);
  await eventually("it is not ready", async () => (await client.request("/readyz")).status === 503, 30_000);
  await eventually("health says why", async () => {
    const { status, body } = await client.request("/health");
    const { checks } = body as { checks: { database: { detail?: string } } };
    return status === 503 && checks.database.detail === "PostgreSQL is read-only";
  });

  await setDefault(databaseUrl, "default_transaction_read_only", "off");
  await endSessions(databaseUrl);
  await eventually("it is ready again", async () => (await client.request("/readyz")).status === 200, 30_000);
  const job = await client.submitPatiently("Are you back?");
  expect((await client.ended(job)).reply?.text).toBe(echoOf("Are you back?"));
});
