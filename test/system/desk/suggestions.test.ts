import { randomUUID } from "node:crypto";
import { beforeAll, expect, it } from "vitest";
import type { ConversationRef } from "../harness/api-client.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("suggestions for operators", (product) => {
  let [ole, mia]: OperatorHeaders[] = [];
  beforeAll(async () => {
    [ole, mia] = [await makeOperator(product(), "Ole"), await makeOperator(product(), "Mia")];
  });
  const ask = (path: string, body?: object, headers = ole) =>
    askDesk(product().client, `/conversations/${path}`, headers ?? { authorization: "" }, body && { body });
  const take = ({ conversationId }: ConversationRef) => ask(`${conversationId}/take`, {});

  it("are written by the assistant, from the whole conversation, and shown to the one who asked alone", async () => {
    const { client, provider } = product();
    const message = `How long is the way? ${randomUUID()}`;
    const chat = await client.submit(message);
    await client.ended(chat);
    await take(chat);
    const history = await client.history(chat);
    const asked = await ask(`${chat.conversationId}/suggestions`, {});
    expect([asked.status, asked.body]).toMatchObject([201, { status: "writing" }]);
    const { id } = asked.body as { id: string };
    const { body } = await product().client.request(
      `/api/operator/conversations/${chat.conversationId}/suggestions/${id}`,
      { headers: { ...ole, prefer: "wait=20" } },
    );
    expect(body).toEqual({ id, status: "done", text: `You said: ${message}`, sources: [] });
    expect(provider.calls.filter(({ request }) => request.messages.at(-1)?.text === message)).toHaveLength(2);
    expect(await client.history(chat)).toEqual(history);
    expect((await ask(`${chat.conversationId}/suggestions/${id}`, undefined, mia)).status).toBe(404);
  });

  it("are refused with a reason", async () => {
    const { client } = product();
    const chat = await client.submit(`Hello ${randomUUID()}`);
    await client.ended(chat);
    const path = `${chat.conversationId}/suggestions`;
    expect(await ask(path, {})).toMatchObject({ status: 409, body: { type: "/problems/not-theirs" } });
    await take(chat);
    expect(await ask(path, {}, mia)).toMatchObject({ status: 409, body: { type: "/problems/not-theirs" } });
    await product().query("insert into assistant_pauses (assistant_type) values ('default')");
    expect(await ask(path, {})).toMatchObject({ status: 409, body: { type: "/problems/assistant-paused" } });
    await product().query("delete from assistant_pauses");
    await product().query(
      `insert into suggestions (id, conversation_id, operator_id, state, expires_at)
       select gen_random_uuid(), $1, operator_id, 'failed', now() from conversations, generate_series(1, 10) where id = $1`,
      [chat.conversationId],
    );
    expect(await ask(path, {})).toMatchObject({ status: 429, body: { type: "/problems/rate-limited" } });
    expect((await ask(`${randomUUID()}/suggestions`, {})).status).toBe(404);
  });
});
