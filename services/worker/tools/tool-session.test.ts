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
const keep = { fields: { reasoning_content: "signed" } };

describe("the tools of one run", () => {
  it("may be called seven times: the eighth answer must be words", async () => {
    const session = new ToolSession([lookUp]);
    for (let made = 1; made < 8; made += 1) {
      expect(session.nextFor("compatible").mayCall).toBeUndefined();
      expect(await session.carryOut({ text: "", calls: [call] }, true)).toBe(false);
    }
    expect(session.nextFor("compatible")).toMatchObject({ mayCall: false, tools: [{ name: "look_up" }] });
  });

  it("go on at another provider with what was done, and without what only the first one can read", async () => {
    const session = new ToolSession([lookUp]);
    session.nextFor("compatible");
    await session.carryOut({ text: "One moment.", calls: [call], keep }, true);
    expect(session.nextFor("compatible").turns).toMatchObject([{ keep }]);
    const { turns = [] } = session.nextFor("anthropic");
    expect(turns).toEqual([{ text: "One moment.", calls: [call], results: [{ text: "found", isError: false }] }]);
  });

  it("are not run with arguments that are no object, and not offered to a server that got them wrong", async () => {
    const session = new ToolSession([lookUp]);
    session.nextFor("compatible");
    await session.carryOut({ text: "", calls: [{ name: "look_up", item }] }, false);
    expect(session.nextFor("compatible").turns).toMatchObject([{ results: [{ isError: true }] }]);
    const wrong = new ToolSession([lookUp]);
    wrong.nextFor("compatible");
    wrong.wentWrong();
    expect(wrong.nextFor("compatible")).toEqual({});
  });

  it("are none for an assistant without people, or whose model may not hand over", () => {
    expect(ownToolsOf({ people: undefined })).toEqual([]);
    expect(ownToolsOf({ people: { byModel: false } })).toEqual([]);
    expect(ownToolsOf({ people: {} }).map(({ name }) => name)).toEqual(["handoff"]);
  });
});
