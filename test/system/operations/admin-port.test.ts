import { Agent, request } from "undici";
import { beforeAll, expect, it } from "vitest";
import { findFreePort } from "../../../shared/testing/processes/free-port.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { adminPassword } from "../harness/product.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

const headers = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };
const metricsToken = "a-token-for-metrics-long-enough";

onEachBackend("a service with ADMIN_PORT", { apis: 0, workers: 0 }, (product) => {
  let api: ServiceProcess;
  let admin: ApiClient;
  let visitors: ApiClient;
  beforeAll(async () => {
    const port = await findFreePort();
    api = await product().startApi({ ADMIN_PORT: String(port), METRICS_TOKEN: metricsToken });
    admin = new ApiClient(`http://127.0.0.1:${port}`);
    visitors = new ApiClient(api.url);
  });

  it("serves operators' pages and metrics there alone, and visitors' routes on PORT alone", async () => {
    const bearer = { authorization: `Bearer ${metricsToken}` };
    for (const path of ["/console", "/admin", "/admin/queues", "/admin/queues/api/queues", "/admin/operators.css"]) {
      expect((await admin.request(path, { headers })).status, path).toBe(200);
      expect((await admin.request(path)).status, path).toBe(401);
      expect((await visitors.request(path, { headers })).status, path).toBe(404);
    }
    expect((await admin.request("/api/operator/me", { headers })).body).toMatchObject({ name: "Support" });
    expect((await admin.request("/api/operator/me")).status).toBe(401);
    expect((await visitors.request("/api/operator/me", { headers })).status).toBe(404);
    expect((await admin.request("/metrics", { headers: bearer })).text).toContain("parley_");
    expect((await admin.request("/metrics")).status).toBe(401);
    expect((await visitors.request("/metrics", { headers: bearer })).status).toBe(404);
    for (const path of ["/api/providers", "/api/assistants", "/health", "/docs", "/openapi.json", "/widget.js", "/"]) {
      expect((await admin.request(path)).status, path).toBe(404);
    }
    expect((await admin.request("/api/chat", { method: "POST", body: { message: "Hello" } })).status).toBe(404);
    for (const client of [admin, visitors]) {
      for (const path of ["/livez", "/readyz"]) expect((await client.request(path)).status).toBe(200);
    }
    expect((await visitors.submit("Hello")).status).toBe("queued");
  });

  it("names a port in use at the start", async () => {
    const taken = new URL(admin.base).port;
    await expect(product().startApi({ ADMIN_PORT: taken })).rejects.toThrow(
      `Port ${taken} is taken: set ADMIN_PORT to a free one`,
    );
  });

  // Ends the process: the last of these tests.
  it("answers on a kept-alive admin connection during shutdown, and closes it with that answer", async () => {
    const agent = new Agent({ connections: 1, pipelining: 1 });
    const ask = () => request(`${admin.base}/livez`, { dispatcher: agent });
    expect((await ask()).headers["connection"]).toBe("keep-alive");
    const stopped = api.stop();
    await eventually("it takes no new connections", () =>
      visitors.request("/livez").then(
        () => false,
        () => true,
      ),
    );
    const last = await ask();
    expect({ status: last.statusCode, connection: last.headers["connection"] }).toEqual({
      status: 200,
      connection: "close",
    });
    await last.body.dump();
    await agent.destroy();
    expect(await stopped).toBe(0);
  });
});
