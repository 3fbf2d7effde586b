import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

interface Target {
  url: string;
  /** Client address, one of this machine. */
  from: string;
}

type Open = () => Socket;
type Misbehaviour = (open: Open, signal: AbortSignal) => Promise<void>;

const host = "Host: x\r\n";
const post = (length: number) =>
  `POST /api/chat HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** Eight ways in which one client wastes shared resources. Each continues until `signal` ends. */
const misbehaviours: Record<string, Misbehaviour> = {
  "asks and asks, and reads nothing": (open, signal) =>
    each(200, signal, () => {
      const socket = open().pause();
      socket.write(`GET /docs HTTP/1.1\r\n${host}\r\n`.repeat(2000));
      const other = open().pause();
      other.write(`GET /openapi.json HTTP/1.1\r\n${host}\r\n`.repeat(16));
    }),
  "sends long lists of nothing": (open, signal) => {
    const body = `{"message":"x","history":[${"{},".repeat(78_000)}{}]}`;
    return each(80, signal, () => open().write(post(body.length) + body));
  },
  "sends deep and broad values": (open, signal) => {
    const deep = `{"message":"x","history":${"[".repeat(110_000)}${"]".repeat(110_000)}}`;
    const names = Array.from({ length: 18_000 }, (_, index) => `"k${index}":1`).join();
    const broad = `{"message":"x","history":[{${names}}],"metadata":{}}`;
    return each(120, signal, () => {
      for (const body of [deep, broad]) open().write(post(body.length) + body);
    });
  },
  "sends bodies that are too large": (open, signal) => {
    const body = Buffer.alloc(2 ** 20, "x");
    return each(300, signal, () => {
      const socket = open();
      socket.write(post(10 * body.length));
      for (let sent = 0; sent < 10; sent += 1) socket.write(body);
    });
  },
  "sends bodies a byte at a time": async (open, signal) => {
    const sockets = Array.from({ length: 100 }, () => open());
    for (const socket of sockets) socket.write(post(60_000));
    await each(300, signal, () => {
      for (const socket of sockets) if (socket.writable) socket.write(" ");
    });
  },
  "opens connections and says nothing": (open, signal) =>
    each(100, signal, () => {
      for (let opened = 0; opened < 20; opened += 1) open();
    }),
  "sends messages that nobody can see": (open, signal) => {
    const body = JSON.stringify({ message: "\u200b\u2800\u3164".repeat(1000) });
    return each(50, signal, () => open().write(post(Buffer.byteLength(body)) + body));
  },
  "sends headers without end": (open, signal) =>
    each(80, signal, () => open().write(`GET / HTTP/1.1\r\n${host}${"X-Header: of no use\r\n".repeat(2000)}`)),
};

/** Runs all of them at once, from one address. */
export function misbehave(target: Target, signal: AbortSignal): void {
  for (const waste of Object.values(misbehaviours)) run(waste, target, signal);
}

function run(waste: Misbehaviour, { url, from }: Target, signal: AbortSignal): void {
  const { hostname, port } = new URL(url);
  const open = () => {
    const socket = connect({ host: hostname, port: Number(port), localAddress: from });
    socket.on("error", () => undefined).resume();
    signal.addEventListener("abort", () => socket.destroy());
    return socket;
  };
  waste(open, signal).catch(() => undefined);
}

async function each(everyMs: number, signal: AbortSignal, act: () => unknown): Promise<void> {
  for (; !signal.aborted; await sleep(everyMs, undefined, { signal })) act();
}
