import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { hostname, release, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { chooseStores } from "./choose-stores.ts";

describe("the choice of the stores", () => {
  it("takes containers where an engine of this kernel answers", async () => {
    const socket = await listen(createHttpServer(engine({})));
    expect(await choose({ sockets: [socket] })).toEqual({
      stores: "containers",
      socket,
      reason: `container engine at ${socket}`,
    });
  });

  it("asks the socket that DOCKER_HOST names and no other one", async () => {
    const [named, usual] = await Promise.all([
      listen(createHttpServer(engine({}))),
      listen(createHttpServer(engine({}))),
    ]);
    const env = { DOCKER_HOST: `unix://${named}` };
    expect(await choose({ env, sockets: [usual] })).toMatchObject({ socket: named });
    const elsewhere = { DOCKER_HOST: `unix://${await emptyPath()}` };
    expect(await choose({ env: elsewhere, sockets: [usual] })).toMatchObject({ stores: "local" });
  });

  it("takes the first engine that answers, past sockets without one", async () => {
    const socket = await listen(createHttpServer(engine({})));
    const sockets = [await emptyPath(), await silentSocket(), socket];
    expect(await choose({ sockets, limitMs: 2000 })).toMatchObject({ stores: "containers", socket });
  });

  it.each([
    ["there is no socket", emptyPath, "does not exist"],
    ["a socket accepts and never answers", silentSocket, "does not answer within 300 ms"],
    ["a socket answers and never ends", endlessSocket, "does not answer within 300 ms"],
    ["a socket breaks connections", brokenSocket, "breaks the connection"],
    ["another program answers", () => listen(createHttpServer((_, res) => res.writeHead(404).end())), "with 404"],
    ["its answer is no JSON", () => listen(createHttpServer((_, res) => res.end("OK"))), "JSON"],
    [
      "the engine runs containers in a virtual machine",
      () => listen(createHttpServer(engine({ KernelVersion: "6.1.0-other", Name: "docker-desktop" }))),
      "on another host, docker-desktop with kernel 6.1.0-other",
    ],
    [
      "this process runs in a container that may use the engine of its host",
      () => listen(createHttpServer(engine({ Name: "outside" }))),
      "on another host, outside",
    ],
  ])("takes local servers when %s, and says so", async (_, open, reason) => {
    const socket = await open();
    const chosen = await choose({ sockets: [socket], limitMs: 300 });
    expect(chosen.stores).toBe("local");
    expect(chosen.reason).toContain(socket);
    expect(chosen.reason).toContain(reason);
    await expect(choose({ env: { TEST_STORES: "containers" }, sockets: [socket], limitMs: 300 })).rejects.toThrow(
      /^TEST_STORES=containers, but .*\. Start an engine .*DOCKER_HOST=unix:.*TEST_STORES=local/,
    );
  });

  it("takes local servers when DOCKER_HOST names another machine", async () => {
    const sockets = [await listen(createHttpServer(engine({})))];
    expect(await choose({ sockets, env: { DOCKER_HOST: "tcp://engine:2375" } })).toMatchObject({
      stores: "local",
      reason: expect.stringContaining("names no Unix socket") as string,
    });
  });

  it("takes what TEST_STORES says, asking no engine for local servers", async () => {
    let asked = 0;
    const socket = await listen(createHttpServer((req, res) => engine({}, () => asked++)(req, res)));
    expect(await choose({ env: { TEST_STORES: "local" }, sockets: [socket] })).toMatchObject({ stores: "local" });
    expect(asked).toBe(0);
    const forced = await choose({ env: { TEST_STORES: "containers" }, sockets: [socket] });
    expect(forced).toMatchObject({ stores: "containers" });
    await expect(choose({ env: { TEST_STORES: "docker" } })).rejects.toThrow(
      'TEST_STORES is "docker"; it may be containers, local, or not set',
    );
  });
});

/** Chooses on a machine that has these sockets alone. */
function choose(surroundings: Partial<Parameters<typeof chooseStores>[0]>) {
  return chooseStores({ env: {}, sockets: [], ...surroundings });
}

/** Answers as Docker and Podman do. */
function engine(info: { Name?: string; KernelVersion?: string }, onRequest?: () => void): RequestListener {
  return (req, res) => {
    onRequest?.();
    res.end(req.url === "/_ping" ? "OK" : JSON.stringify({ Name: hostname(), KernelVersion: release(), ...info }));
  };
}

function silentSocket(): Promise<string> {
  return listen(createServer());
}

function endlessSocket(): Promise<string> {
  return listen(createHttpServer((_, res) => res.write("O")));
}

function brokenSocket(): Promise<string> {
  return listen(createServer((socket) => socket.destroy()));
}

async function emptyPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "engine-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "s");
}

async function listen(server: Server): Promise<string> {
  const path = await emptyPath();
  const connections = new Set<Socket>();
  server.on("connection", (socket) => connections.add(socket));
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return path;
}
