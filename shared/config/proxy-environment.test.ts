import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { Lifecycle } from "../process/lifecycle.ts";
import { useProxies } from "./proxy-environment.ts";
import { startForwardProxy } from "../testing/processes/forward-proxy.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { openTracing } from "../tracing/open-tracing.ts";

describe("proxies of the environment", () => {
  const server = createServer((_request, response) => response.end("{}"));
  let url: string;
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it.each([
    [{ HTTP_PROXY: "http://one.test", http_proxy: "http://two.test" }, "http://two.test"],
    [{ HTTP_PROXY: "http://one.test", http_proxy: "" }, "http://one.test"],
    [{}, undefined],
  ])("are read in small letters first: %j", (environment, expected) => {
    const config = readConfig({ DATABASE_URL: "postgres://localhost/parley", ...environment });
    expect(config.HTTP_PROXY).toBe(expected);
  });

  it("apply to fetch, used for challenges and key checks", async () => {
    await using proxy = await startForwardProxy();
    const undo = useProxies({ HTTP_PROXY: proxy.url });
    await fetch(`${url}/through`);
    undo();
    await fetch(`${url}/past`);
    // By a tunnel, as undici does for http:// too.
    expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host}`]);
  });

  it("apply to traces", async () => {
    await using proxy = await startForwardProxy();
    const log = quietLog();
    const lifecycle = new Lifecycle(log);
    const config = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER_ARG: 1, HTTP_PROXY: proxy.url };
    const tracing = await openTracing(config, { service: "test", log, lifecycle });
    tracing.start("a span").end();
    await lifecycle.close(5000);
    expect(proxy.asked).toEqual([`POST ${url}/v1/traces`]);
  });
});
