import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer as createTlsServer, type Server } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { rootCertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates, opensslAvailable } from "../testing/fixtures/certificates.ts";
import { startForwardProxy } from "../testing/processes/forward-proxy.ts";
import { createUpstreamConnections } from "./connections.ts";

const { signal } = new AbortController();
const get = { method: "GET", headers: {}, signal };

describe.runIf(opensslAvailable)("TLS connections through a proxy", () => {
  let certificates: Certificates;
  let server: Server;
  let url: URL;
  const slowMs = 1500;
  beforeAll(async () => {
    certificates = await makeCertificates();
    const [ca, cert, key] = await Promise.all(
      [certificates.ca, certificates.cert, certificates.key].map((path) => readFile(path, "utf8")),
    );
    setDefaultCACertificates([...rootCertificates, ca ?? ""]);
    server = createTlsServer({ cert, key }, (_request, response) => {
      setTimeout(() => response.end("late"), slowMs);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    setDefaultCACertificates([...rootCertificates]);
    server.close();
    await certificates[Symbol.asyncDispose]();
  });

  it("stay open while a slow response is awaited, new or reused", async () => {
    await using proxy = await startForwardProxy();
    const connections = createUpstreamConnections({ connectMs: 1000, proxy: { HTTPS_PROXY: proxy.url } });
    for (const _ of [1, 2]) {
      const answer = await connections.send(url, get);
      expect(answer.statusCode).toBe(200);
      answer.resume();
      await once(answer, "end");
    }
    expect(proxy.asked).toEqual([`CONNECT ${url.host}`]);
  });

  it("time out where the proxy is silent", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const proxy = { HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const sent = createUpstreamConnections({ connectMs: 200, proxy }).send(url, get);
    await expect(sent).rejects.toMatchObject({ code: "ETIMEDOUT" });
    silent.close();
  });

  it("end at once with the reason of an abort while the proxy is silent", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const proxy = { HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const abort = new AbortController();
    const reached = once(silent, "connection");
    const sent = createUpstreamConnections({ connectMs: 60_000, proxy }).send(url, { ...get, signal: abort.signal });
    await reached;
    abort.abort(new Error("the visitor left"));
    await expect(sent).rejects.toThrow("the visitor left");
    silent.close();
  });
});
