import { expect, it } from "vitest";
import { ParleyTransport } from "./parley-transport.ts";

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

function refuse(): never {
  throw new DOMException("The operation is insecure.", "SecurityError");
}
