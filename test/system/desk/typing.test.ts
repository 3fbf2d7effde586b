import { expect, it } from "vitest";
import { asSupport, askDesk, makeOperator } from "../harness/operators.ts";
import { onSharedProducts } from "../harness/suite.ts";

/** Opens a stream, and reads it until it holds the text. */
async function open(url: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  if (response.status !== 200) throw new Error(`expected 200, got ${response.status}`);
  const chunks = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let read = "";
  return {
    until: async (text: string) => {
      while (!read.includes(text)) {
        const next = await chunks?.next();
        if (!next || next.done) throw new Error(`the stream ended with ${read}`);
        read += next.value;
      }
      return read;
    },
    leave: () => leaving.abort(),
  };
}

onSharedProducts("typing", (product) => {
  it("is shown to the other side at another process, without an id", async () => {
    const { client, apis } = product();
    const mia = await makeOperator(product(), "Mia");
    const chat = await client.submit("Is anybody there?");
    await client.ended(chat);
    const { conversationId, token } = chat;
    const other = apis[1]?.url ?? "";
    const say = () => client.request(`/api/conversations/${conversationId}/typing`, { method: "POST", token });
    expect((await client.request(`/api/conversations/${conversationId}/typing`, { method: "POST" })).status).toBe(401);
    const visitor = await open(`${other}/api/conversations/${conversationId}/events?access_token=${token}`);
    const inbox = await open(`${other}/api/operator/inbox/events`, asSupport);
    // The assistant does not look.
    expect((await say()).status).toBe(204);

    const path = `/conversations/${conversationId}`;
    expect((await askDesk(client, `${path}/take`, mia, { body: {} })).status).toBe(200);
    await Promise.all([visitor.until("event: handling"), inbox.until("event: handling")]);
    for (let time = 0; time < 3; time += 1) {
      expect((await askDesk(client, `${path}/typing`, mia, { body: {} })).status).toBe(204);
    }
    expect(await visitor.until("event: typing")).toContain(
      '\n\nevent: typing\ndata: {"by":"operator","name":"Mia"}\n\n',
    );
    await inbox.until(`event: typing\ndata: {"conversationId":"${conversationId}","by":"operator","name":"Mia"}\n\n`);

    for (let time = 0; time < 3; time += 1) expect((await say()).status).toBe(204);
    const byVisitor = `data: {"conversationId":"${conversationId}","by":"user"}\n\n`;
    await inbox.until(byVisitor);
    const next = await client.submit("Hello?", { to: chat });
    expect((await inbox.until(next.jobId)).split("event: typing")).toHaveLength(3);
    expect((await visitor.until(next.jobId)).split("event: typing")).toHaveLength(2);
    visitor.leave();
    inbox.leave();
  });

  it("is refused to readers, and in a conversation that is gone", async () => {
    const { client } = product();
    const chat = await client.submit("Hello");
    await client.ended(chat);
    const path = `/conversations/${chat.conversationId}/typing`;
    expect((await askDesk(client, path, await makeOperator(product(), "Rea", "reader"), { body: {} })).status).toBe(
      403,
    );
    await client.deleteConversation(chat);
    expect((await askDesk(client, path, asSupport, { body: {} })).status).toBe(404);
  });
});
