import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { createEmptyDatabase } from "../../../shared/testing/stores/empty-database.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

const run = promisify(execFile);

onEachBackend("each part with only the secrets it needs", { apis: 0, workers: 0 }, (product) => {
  let api: ServiceProcess;
  beforeAll(async () => {
    api = await product().startApi({ NODE_ENV: "production", COMPATIBLE_BASE_URL: "" });
  });

  it("an API without a provider's settings offers the providers of the workers", async () => {
    const { startWorker } = product();
    const client = new ApiClient(api.url);
    const compatible = async () => {
      const { body } = await client.request("/api/providers");
      const { providers } = body as { providers: { name: string; available: boolean; model: string }[] };
      return providers.find(({ name }) => name === "compatible");
    };
    const ask = { message: "Who answers?", provider: "compatible" };
    expect(await compatible()).toMatchObject({ available: false });
    expect((await client.post(ask)).status).toBe(400);

    const worker = await startWorker({
      NODE_ENV: "production",
      TOKEN_SECRET: "",
      ADMIN_PASSWORD: "",
      COMPATIBLE_API_KEY: "a-key-of-workers",
      COMPATIBLE_MODEL: "a-model-of-workers",
    });
    await eventually("the API knows it", async () => (await compatible())?.available);
    expect(await compatible()).toMatchObject({ model: "a-model-of-workers" });
    const chat = await client.submit(ask);
    expect(await client.ended(chat)).toMatchObject({ status: "completed", provider: "compatible" });
    expect((await client.request("/health")).body).toMatchObject({ providers: ["compatible", "preset"] });

    await worker.kill();
    expect(await compatible()).toMatchObject({ available: true });
    expect((await client.post(ask)).status).toBe(202);
  });

  it("an API reports at its start that another one has a different TOKEN_SECRET, without showing it", async () => {
    const { startApi } = product();
    const secret = "another-secret-that-only-this-test-knows";
    /** Output of an API by the time it listens. */
    const outputOf = async (started: ServiceProcess) => {
      await eventually("it has said that it listens", () => started.output.includes("API listening on"));
      return started.output;
    };
    expect(await outputOf(api)).not.toContain("TOKEN_SECRET");
    const other = await outputOf(await startApi({ TOKEN_SECRET: secret }));
    expect(other).toContain("TOKEN_SECRET is not the one of the API that was started before");
    expect(other).not.toContain(secret);
    expect(await outputOf(await startApi())).toContain("TOKEN_SECRET is not the one");
  });
});

it("migrations need only a database", async () => {
  const env = { PATH: process.env["PATH"], NODE_ENV: "production", DATABASE_URL: await createEmptyDatabase() };
  const { stdout } = await run(process.execPath, ["services/cli/migrate.ts"], { env });
  expect(stdout).toMatch(/^Applied: /);
});
