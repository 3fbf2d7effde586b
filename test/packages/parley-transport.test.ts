import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { ParleyTransport } from "../../packages/react/source/parley-transport.ts";

const chat = { url: "https://chat.example/", chatId: "support" };

it("is made on a server that renders the page, which has no storage", async () => {
  expect(globalThis.localStorage).toBeUndefined();
  const transport = new ParleyTransport(chat);
  expect(transport.hasMore).toBe(false);
  expect(await transport.loadMessages()).toEqual([]);
});

it.each([
  ["is not allowed", { getItem: refuse, setItem: refuse }],
  ["holds what others have written", { getItem: () => "not ours", setItem: refuse }],
  ["holds null", { getItem: () => "null", setItem: refuse }],
])("begins a chat where the storage %s", async (_, storage) => {
  const transport = new ParleyTransport({ ...chat, storage });
  expect(transport.hasMore).toBe(false);
  expect(await transport.loadMessages()).toEqual([]);
});

/** A service whose history answers as the test says. */
async function serve(answer: (req: IncomingMessage, number: number) => { status: number; body?: unknown }) {
  let requests = 0;
  const server = createServer((req, res) => {
    const { status, body } = answer(req, ++requests);
    res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function keep(kept: object) {
  let stored = JSON.stringify(kept);
  return { getItem: () => stored, setItem: (_: string, value: string) => void (stored = value), read: () => stored };
}

const history = { messages: [{ id: "1", sender: "user", text: "Hello" }], cursor: "1-a" };
const hello = [{ id: "1", role: "user", parts: [{ type: "text", text: "Hello", state: "done" }] }];

it("waits for a service that is away, and for the rest of an answer that broke off", async () => {
  const url = await serve((req, number) => {
    if (number === 1) return { status: 503 };
    if (number === 2) req.socket.destroy();
    return { status: 200, body: history };
  });
  const storage = keep({ conversationId: "a", token: "t" });
  expect(await new ParleyTransport({ url, chatId: "support", storage }).loadMessages()).toEqual(hello);
});

it("opens a conversation by the visitor's identity once its token is too old, and forgets what nothing opens", async () => {
  const url = await serve(({ headers }) =>
    headers.authorization !== undefined || headers["x-parley-identity"] !== "ada"
      ? { status: 401 }
      : { status: 200, body: history },
  );
  const old = { conversationId: "a", token: "too old" };
  const storage = keep(old);
  const ada = new ParleyTransport({ url, chatId: "support", storage, headers: () => ({ "X-Parley-Identity": "ada" }) });
  expect(await ada.loadMessages()).toEqual(hello);
  expect(JSON.parse(storage.read())).toEqual({ conversationId: "a", cursor: "1-a" });
  const theirs = keep(old);
  expect(await new ParleyTransport({ url, chatId: "support", storage: theirs }).loadMessages()).toEqual([]);
  expect(JSON.parse(theirs.read())).toEqual({});
});

function refuse(): never {
  throw new DOMException("The operation is insecure.", "SecurityError");
}
