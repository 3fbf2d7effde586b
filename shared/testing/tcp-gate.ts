import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server that can fail as networks do, so that the server itself need not. */
export interface TcpGate extends AsyncDisposable {
  /** The server's URL, through the gate. */
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  shut: () => Promise<void>;
  /** Lets connections through again, after `shut`. */
  reopen: () => Promise<void>;
  /** Connections stay open and are accepted, but no byte passes. */
  freeze: () => void;
  thaw: () => void;
}

/** Opens one on a free port of this machine, to the server of `url`. */
export async function openTcpGate(url: string): Promise<TcpGate> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let frozen = false;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    if (frozen) socket.pause();
    socket.on("data", (bytes) => other.write(bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port || defaultPorts.get(target.protocol)), target.hostname);
    keep(near, far);
    keep(far, near);
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const shut = async () => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  const port = await listen(0);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  return {
    url: through.href,
    shut,
    reopen: async () => void (await listen(port)),
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    [Symbol.asyncDispose]: shut,
  };
}

const defaultPorts = new Map([
  ["postgres:", 5432],
  ["postgresql:", 5432],
  ["redis:", 6379],
]);
