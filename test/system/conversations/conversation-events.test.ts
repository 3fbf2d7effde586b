import { expect, it } from "vitest";
import { onSharedProducts } from "../harness/suite.ts";

/** Opens a conversation's stream, and reads it until it holds the text, or ends. */
async function open(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  expect(response.status).toBe(200);
  return async (text: string): Promise<string> => {
    let read = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      read += chunk;
      if (read.includes(text)) break;
    }
    leaving.abort();
    return read;
  };
}

const endOf = ({ jobId }: { jobId: string }) => `"jobId":"${jobId}","status":"completed"`;

onSharedProducts("a conversation's event stream", (product) => {
  const address = (api: number, id: string, query: string) =>
    `${product().apis[api]?.url}/api/conversations/${id}/events?${query}`;

  it("shows a reply at another process, and goes on from an id there", async () => {
    const { client } = product();
    const chat = await client.submit("Hello");
    const token = `access_token=${chat.token}`;
    const first = await (await open(address(1, chat.conversationId, `${token}&after=0`)))("event: handling");
    expect(first).toMatch(/^retry: 1000\nevent: message\n/);
    await client.ended(chat);
    const { cursor } = await client.conversation(chat);
    const next = await open(address(1, chat.conversationId, `${token}&after=${cursor}`));
    const more = await client.submit("More", { to: chat });
    const events = await next(endOf(more));
    expect(events.match(/^event: .*/gm)).toEqual(["event: message", "event: job", "event: message", "event: job"]);
    const again = await open(address(0, chat.conversationId, `${token}&after=0`), { "Last-Event-ID": chat.cursor });
    expect((await again(endOf(more))).match(/^id: .*/gm)?.map((id) => parseInt(id.slice(4), 10))).toEqual([
      3, 4, 5, 6, 7, 8,
    ]);
  });

  it("ends with the deletion; its id is answered with 204, and strangers with 401 and 403", async () => {
    const { client } = product();
    const [chat, other] = [await client.submit("Hello"), await client.submit("Other")];
    await client.ended(chat);
    const own = address(1, chat.conversationId, `access_token=${chat.token}&after=${chat.cursor}`);
    const stream = await open(own);
    expect((await fetch(address(1, chat.conversationId, ""))).status).toBe(401);
    expect((await fetch(address(1, chat.conversationId, `access_token=${other.token}`))).status).toBe(403);
    await client.request(`/api/conversations/${chat.conversationId}`, { method: "DELETE", token: chat.token });
    expect(await stream("event: deleted")).toContain("id: end\nevent: deleted\n");
    expect((await fetch(own, { headers: { "Last-Event-ID": "end" } })).status).toBe(204);
    expect((await fetch(own)).status).toBe(404);
  });
});
