import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { Circuit } from "./circuit.ts";
import { ProviderError, type ProviderErrorCode } from "./provider.ts";
import { createUpstreamConnections } from "../../../shared/upstream/connections.ts";
import { createProbe } from "./upstream/http/probe.ts";

const silent = pino({ level: "silent" });
const circuits: Circuit[] = [];

afterEach(() => {
  for (const circuit of circuits.splice(0)) circuit.close();
});

function newCircuit(upstream = "http://127.0.0.1:1", pauseMs = 60_000): Circuit {
  const probe = createProbe(createUpstreamConnections({ connectMs: 5000 }), upstream);
  const circuit = new Circuit({ name: "compatible", probe }, silent, pauseMs);
  circuits.push(circuit);
  return circuit;
}

const never = () => false;

const fail = (circuit: Circuit, code: ProviderErrorCode, hasBegun = never) =>
  circuit.run(() => Promise.reject(new ProviderError(code, "as told")), hasBegun).catch((error: unknown) => error);

describe("circuit", () => {
  it("opens at the first timeout and then delays nobody", async () => {
    const circuit = newCircuit();
    await fail(circuit, "timeout");
    expect(circuit.isOpen).toBe(true);
    let called = false;
    await expect(
      circuit.run(() => {
        called = true;
        return Promise.resolve();
      }, never),
    ).rejects.toThrow("skipped");
    expect(called).toBe(false);
  });

  it("stays closed after one stall in the middle of a reply", async () => {
    const circuit = newCircuit();
    await fail(circuit, "timeout", () => true);
    expect(circuit.isOpen).toBe(false);
  });

  it("stays closed after any number of timeouts while the provider was at work", async () => {
    const circuit = newCircuit();
    for (let times = 0; times < 10; times += 1) {
      const tooLong = new ProviderError("timeout", "as told", { atWork: true });
      await expect(
        circuit.run(
          () => Promise.reject(tooLong),
          () => true,
        ),
      ).rejects.toBe(tooLong);
    }
    expect(circuit.isOpen).toBe(false);
  });

  it("opens after five other failures in a row", async () => {
    const circuit = newCircuit();
    for (let failures = 0; failures < 4; failures += 1) await fail(circuit, "overloaded");
    await circuit.run(() => Promise.resolve(), never);
    for (let failures = 0; failures < 4; failures += 1) await fail(circuit, "unreachable");
    expect(circuit.isOpen).toBe(false);
    await fail(circuit, "malformed");
    expect(circuit.isOpen).toBe(true);
  });

  it("does not count rejected requests or stopped runs", async () => {
    const circuit = newCircuit();
    for (let failures = 0; failures < 10; failures += 1) {
      await fail(circuit, "rejected");
      await circuit.run(() => Promise.reject(new Error("stopped")), never).catch(() => undefined);
    }
    expect(circuit.isOpen).toBe(false);
  });

  it("closes if a probe is answered by a redirect to an unreachable place, as a call would be", async () => {
    const server = createServer((_req, res) => res.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const circuit = newCircuit(`http://127.0.0.1:${port}`, 5);
    await fail(circuit, "timeout");
    await circuit.closed();
    expect(circuit.isOpen).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });

  it("closes if a probe gets any response but a server error", async () => {
    const statuses = [500, 401];
    const server = createServer((_req, res) => res.writeHead(statuses.shift() ?? 200).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const circuit = newCircuit(`http://127.0.0.1:${port}`, 5);
    await fail(circuit, "timeout");
    expect(circuit.isOpen).toBe(true);
    await circuit.closed();
    expect(circuit.isOpen).toBe(false);
    expect(statuses).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });
});
