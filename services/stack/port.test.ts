import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFreePortAfter, requireFreePort } from "./port.ts";

describe("required port", () => {
  let other: Server;
  let port: number;

  beforeEach(async () => {
    other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    ({ port } = other.address() as AddressInfo);
  });
  afterEach(() => void other.close());

  it("is refused while in use, with advice", async () => {
    await expect(requireFreePort(port, "WORKER_PORT", 0)).rejects.toThrow(`WORKER_PORT=${port + 1} npm start`);
  });

  it("is accepted once it is free within the given time", async () => {
    const waiting = requireFreePort(port, "PORT", 10_000);
    other.close();

    await expect(waiting).resolves.toBeUndefined();
  });

  it("is free again afterwards", async () => {
    other.close();
    await once(other, "close");

    await requireFreePort(port, "PORT", 0);

    other = createServer().listen(port);
    await expect(once(other, "listening")).resolves.toEqual([]);
  });
});

describe("a port for a part whose port is not set", () => {
  it("is the first free one after another part's, but not the one left to a third part", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const found = await findFreePortAfter(port - 1, undefined);
    expect(found).toBeGreaterThan(port);
    expect(await findFreePortAfter(port - 1, found)).toBeGreaterThan(found ?? 0);
    other.close();
  });

  it("is none where there are no more ports", async () => {
    expect(await findFreePortAfter(65_535, undefined)).toBeUndefined();
  });
});
