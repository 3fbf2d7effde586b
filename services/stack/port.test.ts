import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireFreePort } from "./port.ts";

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
