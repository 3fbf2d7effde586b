import { expect, it } from "vitest";
import { setDefault } from "../../shared/testing/empty-database.ts";
import { createTestDatabase } from "../../shared/testing/postgres.ts";
import { startProduct } from "./product.ts";
import { echoOf, messageOf } from "./scripted-provider.ts";

const visitors = 40;

it(
  "every message is answered by one call, whatever options the URL and whatever defaults the database has",
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
    expect((await client.request("/health")).body).toMatchObject({ status: "healthy", queue: { workers: 2 } });
    expect(product.output()).not.toMatch(/40001|serialize access/);
  },
);
