import { expect, it } from "vitest";
import { onEachBackend } from "../harness/suite.ts";

/** Reads a conversation's stream until it holds the text, or ends. */
async function readUntil(url: string, text: string, headers: Record<string, string> = {}): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  if (!response.body) return String(response.status);
  let read = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    read += chunk;
    if (read.includes(text)) break;
  }
  leaving.abort();
  return read;
}

onEachBackend("a conversation's event stream", { apis: 2 }, (product) => {
  const address = (api: number, id: string, query: string) =>
    `${product().apis[api]?.url}/api/conversations/${id}/events?${query}`;

  it("shows a reply at another process, and goes on from an id there", async () => {
    const { client } = product();
    const chat = await client.submit("Hello");
    const token = `access_token=${chat.token}`;
    const first = await readUntil(address(1, chat.conversationId, `${token}&after=0`), '"status":"completed"');
    expect(first).toMatch(/^retry: 1000\nevent: message\n/);
    expect(first).toContain("event: handling");
    await client.ended(chat);
    const { cursor } = await client.conversation(chat);
    const next = readUntil(address(1, chat.conversationId, `${token}&after=${cursor}`), '"status":"completed"');
    const more = await client.submit("More", { to: chat });
    await client.ended(more);
    const events = await next;
    expect(events.match(/^event: .*/gm)).toEqual(["event: message", "event: job", "event: message", "event: job"]);
    expect(events).toContain(more.jobId);
    const again = await readUntil(address(0, chat.conversationId, token), '"status":"completed"', {
      "Last-Event-ID": chat.cursor,
    });
    expect(again).toContain(more.jobId);
  });

  it("ends with the deletion; its id is answered with 204, and strangers with 401 and 403", async () => {
    const { client } = product();
    const [chat, other] = [await client.submit("Hello"), await client.submit("Other")];
    await client.ended(chat);
    const own = address(1, chat.conversationId, `access_token=${chat.token}&after=${chat.cursor}`);
    const stream = readUntil(own, "event: deleted");
    expect((await fetch(address(1, chat.conversationId, ""))).status).toBe(401);
    expect((await fetch(address(1, chat.conversationId, `access_token=${other.token}`))).status).toBe(403);
    await client.request(`/api/conversations/${chat.conversationId}`, { method: "DELETE", token: chat.token });
    expect(await stream).toContain("id: end\nevent: deleted\n");
    expect((await fetch(own, { headers: { "Last-Event-ID": "end" } })).status).toBe(204);
    expect((await fetch(own)).status).toBe(404);
  });
});
