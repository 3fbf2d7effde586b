import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, expect, it } from "vitest";
import { asSupport, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const week = (stretches: string[]) => Object.fromEntries(days.map((day) => [day, stretches]));

onSharedProducts("hours that are set in the console", (product) => {
  let operator: OperatorHeaders;
  beforeAll(async () => {
    operator = await makeOperator(product(), "Ole");
  });
  afterEach(() => product().query("delete from site_hours"));
  const ask = (method: string, body?: object, headers: Record<string, string> = asSupport) =>
    product().client.request("/api/operator/hours", { method, headers, ...(body && { body }) });

  it("are what visitors are promised within seconds, in all processes, until the file counts again", async () => {
    // Nobody is online: other files leave operators who are.
    await product().query("update operators set present_until = null");
    const { client, apis } = product();
    const chat = await client.submit(`Hello ${randomUUID()}`);
    await client.ended(chat);
    const { token, conversationId } = chat;
    const expected = async (base = client.base) => {
      const response = await fetch(`${base}/api/conversations/${conversationId}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await response.json()) as { expected?: { state: string } }).expected?.state;
    };
    const handoff = await client.request(`/api/conversations/${conversationId}/handoff`, {
      method: "POST",
      token,
      body: {},
    });
    expect(handoff).toMatchObject({ status: 200 });
    expect(await expected()).toBe("address");
    const hours = { zone: "UTC", week: week(["00:00-24:00"]), dates: {} };
    const set = await ask("PUT", hours);
    expect([set.status, set.body]).toMatchObject([
      200,
      { inForce: "console", hours, changed: { operator: "Support" } },
    ]);
    for (const { url } of apis)
      await eventually("the promise", async () => ["today", "later"].includes((await expected(url)) ?? ""));
    expect((await ask("DELETE", {})).body).toMatchObject({ inForce: "none" });
    for (const { url } of apis) await eventually("no promise", async () => (await expected(url)) === "address");
  });

  it("are checked as the file is, for admins to change and for all to see", async () => {
    const good = { zone: "Europe/Berlin", week: { ...week([]), mon: ["13:00-17:00", "09:00-12:00"] }, dates: {} };
    expect((await ask("PUT", good, operator)).status).toBe(403);
    for (const [wrong, words] of [
      [{ ...good, zone: "Europe/Nowhere" }, "zone: must be a zone of the IANA database"],
      [{ ...good, week: { mon: ["09:00-12:00", "11:00-13:00"] } }, "week.mon: must not overlap"],
      [{ ...good, week: { mon: ["22:00-02:00"] } }, "week.mon.0: must be a stretch of one day"],
      [{ ...good, dates: { "2026-02-30": [] } }, "must be a date"],
    ] as const) {
      const { status, text } = await ask("PUT", wrong);
      expect([status, text]).toEqual([400, expect.stringContaining(words)]);
    }
    expect((await ask("GET")).body).toEqual({ inForce: "none" });
    await ask("PUT", good);
    expect((await ask("GET", undefined, operator)).body).toMatchObject({
      inForce: "console",
      hours: { zone: "Europe/Berlin", week: { mon: ["09:00-12:00", "13:00-17:00"], tue: [] } },
    });
    expect(product().output()).toContain('"audit":"set hours"');
  });
});
