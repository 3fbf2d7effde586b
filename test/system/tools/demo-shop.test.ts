import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openDemoShop } from "../../../services/stack/demo/demo-shop.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import { stepsWithTools } from "../../../tools/fake-provider/fake-tool-calls.ts";
import { startProduct } from "../harness/product.ts";

it("is read by the fake provider, and cancels once after the visitor's yes, on its card's own words", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), "parley-demo-")), (path) => rm(path, { recursive: true }));
  const [log, fake] = [
    quietLog(),
    stack.adopt(
      await startFakeProvider({ script: (request) => ({ steps: stepsWithTools(request) ?? ["Hello."] }) }),
      (each) => each.close(),
    ),
  ];
  const lifecycle = stack.adopt(new Lifecycle(log), (each) => each.close(1000));
  const shop = await openDemoShop(folder, { lifecycle, log });
  const product = stack.use(
    await startProduct({
      backend: "postgres",
      env: { ...shop, COMPATIBLE_BASE_URL: fake.url, MAX_ACTIONS_PER_VISITOR: "1" },
    }),
  );
  const { client } = product;
  const first = await client.submit("Where is my order 1042?");
  expect(await client.ended(first)).toMatchObject({
    reply: { text: "Order 1042: 2 × Morning cup, 1 × Rain teapot (€134). It is being packed." },
  });
  const second = await client.submit("Cancel it", { to: first });
  const { reply, actions: [card] = [] } = await client.ended(second);
  expect(reply?.text).toBe("Please confirm it below.");
  expect(card).toMatchObject({
    title: "Cancel order 1042",
    confirmLabel: "Yes, cancel it",
    refuseLabel: "No, keep it",
    state: "waiting",
  });
  const { token } = first;
  const answer = (id: string | undefined, confirm: boolean) =>
    client.request(`/api/actions/${id}`, { method: "POST", token, body: { confirm } });
  const yes = await answer(card?.id, true);
  expect(await client.ended(yes.body as { jobId: string; conversationId: string; token: string })).toMatchObject({
    reply: { text: "Order 1042 is cancelled. The money goes back the way you paid." },
  });
  const kept = JSON.parse(await readFile(join(folder, "demo-shop.json"), "utf8")) as { answers: [string, object][] };
  expect(kept).toMatchObject({ cancelled: ["1042"], answers: [[card?.id, { status: 200 }]] });

  // One change is all that this visitor may confirm; a repeated yes is the same one, and a no counts for nothing.
  await client.ended(await client.submit("Where is my order 1043?", { to: first }));
  const { actions: [another] = [] } = await client.ended(await client.submit("Cancel it", { to: first }));
  expect(await answer(another?.id, true)).toMatchObject({ status: 429, body: { type: "/problems/rate-limited" } });
  expect(await answer(card?.id, true)).toMatchObject({ status: 200 });
  expect(await answer(another?.id, false)).toMatchObject({ status: 202 });
});
