import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, expect, it } from "vitest";
import { asSupport, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { pausedReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("the switch that pauses an assistant", (product) => {
  let operator: OperatorHeaders;
  beforeAll(async () => {
    operator = await makeOperator(product(), "Ole");
  });
  afterEach(() => product().query("delete from assistant_pauses"));
  const ask = (method: string, path = "", headers: Record<string, string> = asSupport) =>
    product().client.request(`/api/operator/assistants${path}`, {
      method,
      headers,
      ...(method === "PUT" && { body: {} }),
    });

  it("sends visitors to people at once, lets the reply end that is being written, and asks no provider", async () => {
    const { client, provider } = product();
    const asked = `Where is my order? ${randomUUID()}`;
    const held = pausedReply("One two three ", "four five.");
    provider.answer(asked, held.script);
    const chat = await client.submit({ message: asked, metadata: { locale: "de" } });
    const stream = await client.events(chat);
    await stream.untilText("One two three ");
    const { status, body } = await ask("PUT", "/default/pause");
    expect([status, body]).toMatchObject([200, { type: "default", paused: { operator: "Support" } }]);

    const more = await client.post("And when?", { to: chat, wait: 10 });
    expect(more).toMatchObject({
      status: 200,
      body: { status: "completed", handledBy: "waiting", message: null, notice: { code: "waiting" } },
    });
    const first = await client.post(`Hello ${randomUUID()}`);
    expect(first).toMatchObject({ status: 202, body: { status: "completed", handledBy: "waiting" } });
    held.release();
    await stream.ended;
    expect(stream.text).toBe("One two three four five.");
    expect(provider.calls).toHaveLength(1);
    const back = await client.request(`/api/conversations/${chat.conversationId}/handoff`, {
      method: "DELETE",
      token: chat.token,
    });
    expect([back.status, back.body]).toMatchObject([409, { type: "/problems/assistant-paused" }]);

    expect((await ask("DELETE", "/default/pause")).status).toBe(204);
    const again = await client.submit(`Are you there? ${randomUUID()}`);
    expect(await client.ended(again)).toMatchObject({ status: "completed", provider: "compatible" });
  });

  it("is for admins, seen by all, written down, and names what does not exist", async () => {
    expect((await ask("PUT", "/technical/pause", operator)).status).toBe(403);
    expect((await ask("DELETE", "/technical/pause", operator)).status).toBe(403);
    expect((await ask("PUT", "/unknown/pause")).status).toBe(404);
    await ask("PUT", "/technical/pause");
    const { body } = await ask("GET", "", operator);
    expect(body).toMatchObject({
      assistants: [
        { type: "default", name: "Customer support" },
        { type: "technical", paused: { operator: "Support" } },
      ],
    });
    const { text } = await product().client.request("/admin", { headers: asSupport });
    expect(text).toContain("The assistant “technical” is paused");
    expect(product().output()).toContain('"audit":"pause assistant"');
    // Ended also when the assistant has left the configuration.
    await product().query("insert into assistant_pauses (assistant_type) values ('gone')");
    expect((await ask("GET")).text).toContain('"gone"');
    expect((await ask("DELETE", "/gone/pause")).status).toBe(204);
    expect((await ask("GET")).text).not.toContain('"gone"');
  });
});
