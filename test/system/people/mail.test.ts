import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openedByMail } from "../../../shared/protocol/people/mail.ts";
import { type SmtpPeer, startSmtpPeer } from "../../../shared/testing/processes/smtp-peer.ts";
import type { SubmitResponse } from "../../../shared/protocol/submit.ts";
import type { ApiClient } from "../harness/api-client.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

// One backend: mails are rows, sent by a loop that no queue and no draft has a part in.
let peer: SmtpPeer;
let product: Product;
let mailEnv: Record<string, string>;
let client: ApiClient;

beforeAll(async () => {
  peer = await startSmtpPeer();
  mailEnv = {
    SMTP_URL: peer.url,
    MAIL_FROM: "Example Shop <chat@example.com>",
    PUBLIC_URL: "https://chat.example.com",
    CONSOLE_URL: "https://desk.example.com",
  };
  product = await startProduct({ backend: "postgres", workers: 0 });
  client = product.client;
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
});

const textOf = (raw = "") => raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");

/** A visitor asks for a person, and leaves an address. */
async function askForPerson(email?: string): Promise<SubmitResponse> {
  const chat = await client.submit({ message: "Words of the visitor", metadata: { locale: "de" } });
  const { conversationId, token } = chat;
  const path = `/api/conversations/${conversationId}/handoff`;
  const asked = await client.request(path, { method: "POST", token, body: { email } });
  expect(asked).toMatchObject({ status: 200, body: { handledBy: "waiting" } });
  return chat;
}

it("brings an operator to a visitor who waits, and a visitor to the answer, over a killed worker", async () => {
  const { query } = product;
  await query("insert into operators (id, name, role, email) values ($1, 'Ana', 'operator', 'ana@example.org')", [
    randomUUID(),
  ]);
  const [waits, chat] = [await askForPerson(), await askForPerson("visitor@example.org")];
  await new OperatorClient(client.base).say(chat.conversationId, "Words of the operator");
  await query(
    "update conversations set email_left_at = now() - interval '9 min', waiting_since = waiting_since - interval '3 min'",
  );
  await query("update messages set created_at = created_at - interval '2 min'");

  // The worker dies when the server has the text, and before it has said so.
  peer.behave = (to) => (to === "visitor@example.org" ? "hang-after-text" : "take");
  const first = await product.startWorker(mailEnv);
  const mailTo = (address: string, copies = 1) =>
    eventually(
      `mail ${copies} to ${address}`,
      () => peer.received.filter(({ to }) => to === address)[copies - 1],
      30_000,
    );
  const told = await mailTo("ana@example.org");
  expect(textOf(told.raw)).toContain(
    `https://desk.example.com/console?view=waiting&conversation=${waits.conversationId}`,
  );
  const copy = await mailTo("visitor@example.org");
  const states = () =>
    query<{ kind: string; state: string; handed: number }>("select kind, state, handed from mails order by kind");
  await eventually("the operator's is recorded", async () => (await states())[1]?.state === "sent");
  await first.kill();
  peer.behave = () => "take";
  await query("update mails set due_at = now() where state = 'due'");
  const second = await product.startWorker(mailEnv);
  const again = await mailTo("visitor@example.org", 2);
  expect(again.messageId).toBe(copy.messageId);
  const ended = await eventually("both are recorded", async () => {
    const rows = await states();
    return rows.every(({ state }) => state === "sent") && rows;
  });
  expect(ended).toEqual([
    { kind: "answer", state: "sent", handed: 2 },
    { kind: "visitor-waits", state: "sent", handed: 1 },
  ]);
  for (const { raw } of peer.received) expect(textOf(raw)).not.toContain("Words of");
  expect(product.output()).not.toContain("example.org");

  const [, path = "", token = ""] =
    /https:\/\/chat\.example\.com(\/mail\/open\?t=([\w.-]+))/.exec(textOf(again.raw)) ?? [];
  expect(await client.request(path)).toMatchObject({ status: 200 });
  const answer = await client.request("/api/mail/open", { method: "POST", body: { token } });
  const opened = openedByMail.parse(answer.body);
  const history = await client.history({ ...chat, token: opened.token });
  expect(history.messages.at(-1)?.text).toBe("Words of the operator");
  expect(await second.stop()).toBe(0);
}, 90_000);
