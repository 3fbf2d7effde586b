import { describe, expect, it } from "vitest";
import { ownToolsOf } from "./handoff-tool.ts";
import { ToolSession } from "./tool-session.ts";

const lookUp = {
  name: "look_up",
  description: "Looks something up",
  parameters: { type: "object" },
  run: () => ({ text: "found", isError: false }),
};
const item = { name: "look_up", written: "{}" };
const call = { name: "look_up", arguments: {}, item };
const { signal } = new AbortController();
const keep = { fields: { reasoning_content: "signed" } };

describe("the tools of one run", () => {
  it("may be called seven times: the eighth answer must be words", async () => {
    const session = new ToolSession([lookUp]);
    for (let made = 1; made < 8; made += 1) {
      expect(session.nextFor("compatible").mayCall).toBeUndefined();
      expect(await session.carryOut({ text: "", calls: [call], signal }, true)).toBe(false);
    }
    expect(session.nextFor("compatible")).toMatchObject({ mayCall: false, tools: [{ name: "look_up" }] });
  });

  it("go on at another provider with what was done, and without what only the first one can read", async () => {
    const session = new ToolSession([lookUp]);
    session.nextFor("compatible");
    await session.carryOut({ text: "One moment.", calls: [call], keep, signal }, true);
    expect(session.nextFor("compatible").turns).toMatchObject([{ keep }]);
    const { turns = [] } = session.nextFor("anthropic");
    expect(turns).toEqual([{ text: "One moment.", calls: [call], results: [{ text: "found", isError: false }] }]);
  });

  it("go on at another provider with what was done before the first one was given up", async () => {
    const late = new AbortController();
    const slow = { ...lookUp, run: () => (late.abort(new Error("its time is over")), lookUp.run()) };
    const session = new ToolSession([slow]);
    session.nextFor("compatible");
    const calls = [call, call];
    const carried = session.carryOut({ text: "One moment.", calls, keep, signal: late.signal }, true);
    await expect(carried).rejects.toThrow("its time is over");
    const { turns } = session.nextFor("anthropic");
    expect(turns).toEqual([{ text: "One moment.", calls: [call], results: [{ text: "found", isError: false }] }]);
  });

  it("are not run with arguments that are no object, and not offered to a server that got them wrong", async () => {
    const session = new ToolSession([lookUp]);
    session.nextFor("compatible");
    await session.carryOut({ text: "", calls: [{ name: "look_up", item }], signal }, false);
    expect(session.nextFor("compatible").turns).toMatchObject([{ results: [{ isError: true }] }]);
    const wrong = new ToolSession([lookUp]);
    wrong.nextFor("compatible");
    wrong.wentWrong();
    expect(wrong.nextFor("compatible")).toEqual({});
  });

  it("that change something unasked are neither offered nor run beside a text from elsewhere", async () => {
    const restock = { ...lookUp, name: "restock", unasked: true };
    const tools = [{ ...lookUp, retrieves: true }, restock];
    const named = (session: ToolSession, passages?: readonly unknown[]) =>
      session.nextFor("compatible", passages).tools?.map(({ name }) => name);
    expect(named(new ToolSession(tools), ["a passage"])).toEqual(["look_up"]);
    expect(named(new ToolSession([restock]), ["a passage"])).toBeUndefined();
    const session = new ToolSession(tools);
    expect(named(session)).toEqual(["look_up", "restock"]);
    const change = { ...call, name: "restock" };
    await session.carryOut({ text: "", calls: [change, call, change], signal }, false);
    expect(named(session)).toEqual(["look_up"]);
    await session.carryOut({ text: "", calls: [change], signal }, false);
    expect(session.nextFor("compatible").turns?.map(({ results }) => results.map(({ isError }) => isError))).toEqual([
      [false, false, true],
      [true],
    ]);
  });

  it("end with the run", async () => {
    const stopping = new AbortController();
    const session = new ToolSession([{ ...lookUp, run: () => (stopping.abort(new Error("stopped")), lookUp.run()) }]);
    const calls = [call, call];
    await expect(session.carryOut({ text: "", calls, signal: stopping.signal }, false)).rejects.toThrow("stopped");
  });

  it("are none for an assistant without people, or whose model may not hand over", () => {
    expect(ownToolsOf({ people: undefined })).toEqual([]);
    expect(ownToolsOf({ people: { byModel: false } })).toEqual([]);
    expect(ownToolsOf({ people: {} }).map(({ name }) => name)).toEqual(["handoff"]);
  });
});
