import type { Request } from "express";
import express from "express";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { clientAddress, clientNetwork } from "./client-address.ts";

/** As Express sees a request of a connection, with what it believes of its headers. */
function addressOf(ip: string | undefined, remoteAddress?: string): string {
  return clientAddress({ ip, socket: { remoteAddress } } as Request);
}

describe("client address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["192.0.2.1:4711", "192.0.2.1"],
    ["[2001:DB8::1]:4711", "2001:db8:0:0:0:0:0:1"],
    ["2001:0db8:0000::0001", "2001:db8:0:0:0:0:0:1"],
    ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
    ["::1", "0:0:0:0:0:0:0:1"],
    ["::", "0:0:0:0:0:0:0:0"],
    [" 192.0.2.1 ", "192.0.2.1"],
  ])("written %s is %s", (ip, expected) => {
    expect(addressOf(ip)).toBe(expected);
  });

  it.each(["", "unknown", "_hidden", "evil\u0000key", "1.2.3", "x".repeat(10_000), "[]", "1.2.3.4, 5.6.7.8"])(
    "that is none (%#) is the connection's own",
    (ip) => {
      expect(addressOf(ip, "::ffff:198.51.100.7")).toBe("198.51.100.7");
    },
  );

  it("is unknown once the connection has closed", () => {
    expect(addressOf(undefined)).toBe("unknown");
  });
});

describe("client key", () => {
  it("is the IPv4 address, or the /64 of an IPv6 address", () => {
    expect(clientNetwork("192.0.2.1")).toBe("192.0.2.1");
    expect(clientNetwork(addressOf("2001:db8:1:2:3:4:5:6"))).toBe("2001:db8:1:2::/64");
    expect(clientNetwork(addressOf("2001:db8:1:2::"))).toBe("2001:db8:1:2::/64");
    expect(clientNetwork(addressOf("2001:db8:1:3::"))).toBe("2001:db8:1:3::/64");
    expect(clientNetwork(addressOf("::1"))).toBe("0:0:0:0::/64");
    expect(clientNetwork("unknown")).toBe("unknown");
  });
});

describe("behind proxies", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  /** Address seen of a client that says it comes from elsewhere. */
  const seen = async (trustProxy: boolean | number | string, headers: Record<string, string | string[]>) => {
    const app = express().set("trust proxy", trustProxy);
    app.use((req, res) => void res.send(clientAddress(req)));
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(async () => {
      server.close();
      await once(server, "close");
    });
    const { port } = server.address() as AddressInfo;
    const call = httpRequest({ port, host: "127.0.0.1", headers: { connection: "close", ...headers } }).end();
    const [answer] = (await once(call, "response")) as [AsyncIterable<Buffer>];
    let text = "";
    for await (const chunk of answer) text += chunk.toString();
    return text;
  };
  const forged = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP"];

  it.each(forged)("X-Forwarded-For from an untrusted peer is ignored (%s)", async (header) => {
    const value = header === "Forwarded" ? "for=192.0.2.1" : "192.0.2.1";
    expect(await seen(false, { [header]: value })).toBe("127.0.0.1");
  });

  it("with a hop count, only entries written by those proxies are used", async () => {
    const header = { "X-Forwarded-For": "10.9.9.9, 192.0.2.1, 198.51.100.7" };
    expect(await seen(1, header)).toBe("198.51.100.7");
    expect(await seen(2, header)).toBe("192.0.2.1");
    expect(await seen(9, header)).toBe("10.9.9.9");
    expect(await seen(1, {})).toBe("127.0.0.1");
    expect(await seen(1, { "X-Forwarded-For": ["10.9.9.9", "198.51.100.7"] })).toBe("198.51.100.7");
    expect(await seen(1, { "X-Forwarded-For": "198.51.100.7, somebody" })).toBe("127.0.0.1");
  });

  it("with listed addresses, the first entry outside the list is used", async () => {
    const header = { "X-Forwarded-For": "10.9.9.9, 192.0.2.1, 198.51.100.7" };
    expect(await seen("loopback", header)).toBe("198.51.100.7");
    expect(await seen("loopback, 198.51.100.0/24", header)).toBe("192.0.2.1");
    expect(await seen("198.51.100.0/24", header)).toBe("127.0.0.1");
  });
});
