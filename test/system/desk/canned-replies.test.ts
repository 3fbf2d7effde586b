import { beforeAll, expect, it } from "vitest";
import { asSupport, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("canned replies", (product) => {
  let reader: OperatorHeaders;
  beforeAll(async () => {
    reader = await makeOperator(product(), "Rea", "reader");
  });
  const ask = async (method: string, path = "", body?: object, headers = asSupport) =>
    product().client.request(`/api/operator/canned-replies${path}`, { method, headers, ...(body && { body }) });

  it("are written by operators, in any script, found by all, replaced and removed", async () => {
    expect((await ask("PUT", "/Hello", { text: "Hello!" })).body).toEqual({ shortcut: "hello", text: "Hello!" });
    await ask("PUT", `/${encodeURIComponent("مرحبا")}`, { text: "أهلا بك" });
    await ask("PUT", "/hello", { text: "Hello, how can I help?" });
    expect((await ask("GET", "", undefined, reader)).body).toEqual({
      replies: [
        { shortcut: "hello", text: "Hello, how can I help?" },
        { shortcut: "مرحبا", text: "أهلا بك" },
      ],
    });
    for (const shortcut of ["HELLO", "hello", encodeURIComponent("مرحبا")])
      expect((await ask("DELETE", `/${shortcut}`)).status).toBe(204);
    expect((await ask("GET")).body).toEqual({ replies: [] });
  });

  it("are those of the own site alone, also under the same name", async () => {
    const others = async () => product().query("select shortcut, text from canned_replies where site_id = 'other'");
    await product().query("insert into canned_replies (site_id, shortcut, text) values ('other', 'hello', 'Theirs')");
    expect((await ask("GET")).body).toEqual({ replies: [] });
    await ask("PUT", "/hello", { text: "Ours" });
    expect((await ask("GET")).body).toEqual({ replies: [{ shortcut: "hello", text: "Ours" }] });
    await ask("DELETE", "/hello");
    expect(await others()).toEqual([{ shortcut: "hello", text: "Theirs" }]);
    await product().query("delete from canned_replies");
  });

  it("are refused with a reason: for readers, with a name that nobody can type, without a text, and too many", async () => {
    expect((await ask("PUT", "/hello", { text: "Hello!" }, reader)).status).toBe(403);
    expect((await ask("DELETE", "/hello", undefined, reader)).status).toBe(403);
    for (const name of ["two%20words", "-x", "x".repeat(41)]) {
      const { status, text } = await ask("PUT", `/${name}`, { text: "Hello!" });
      expect([status, text.includes("must be 1 to 40 letters")]).toEqual([400, true]);
    }
    expect((await ask("PUT", "/hello", { text: " " })).status).toBe(400);
    await product().query(
      "insert into canned_replies (shortcut, text) select 'n' || n, 'text' from generate_series(1, 500) as n",
    );
    expect((await ask("PUT", "/hello", { text: "Hello!" })).text).toContain("There are 500 canned replies already");
    // One of them may still be changed.
    expect((await ask("PUT", "/n7", { text: "Hello!" })).status).toBe(200);
    await product().query("delete from canned_replies");
  });
});
