import { describe, expect, it } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { siteTools } from "../../../shared/assistants/tools/site-tool.ts";
import { ToolSession } from "../tools/tool-session.ts";
import { proposingToolsOf } from "./proposing-tools.ts";

const tools: Assistant["tools"] = siteTools.parse([
  {
    name: "change_name",
    description: "Changes the name on an order",
    parameters: { type: "object", properties: { name: { type: "string" }, more: {} } },
    effect: "change",
    request: { method: "POST", url: "https://shop.example/name", body: { name: "{name}" } },
    card: {
      title: { en: "Change the name", ja: "お名前の変更" },
      lines: [{ label: "Name", value: "{name}" }],
      yes: { en: "Change it", ja: "変更する" },
    },
  },
]);

async function propose(given: Record<string, unknown>, locale = "en") {
  const options = { locale, readCards: async () => [], claims: async () => undefined };
  const session = new ToolSession(proposingToolsOf({ tools }, options));
  const [tool] = proposingToolsOf({ tools }, options);
  const call = { name: "change_name", arguments: given, item: { name: "change_name", written: "" } };
  const result = await tool?.run(call, session, new AbortController().signal);
  return { result, proposal: session.proposals.get("change_name") };
}

describe("a change that a model proposes", () => {
  it("has the words of the site on its card, in the visitor's language", async () => {
    const { proposal } = await propose({ name: "Ada" }, "ja");
    expect(proposal).toMatchObject({
      title: "お名前の変更",
      lines: [{ label: "Name", value: "Ada" }],
      confirmLabel: "変更する",
    });
    expect(proposal).not.toHaveProperty("refuseLabel");
  });

  it.each([{ name: "A\0da" }, { name: "\ud800" }, { more: { deep: ["\udc00"] } }, { "a\0b": 1 }])(
    "is none with %j, which cannot be stored",
    async (given) => {
      const { result, proposal } = await propose(given);
      expect(result).toMatchObject({ isError: true });
      expect(proposal).toBeUndefined();
    },
  );

  it("shows its values in the order in which they are sent", async () => {
    const { proposal } = await propose({ name: "10\u202e42" });
    expect(proposal).toMatchObject({ lines: [{ value: "1042" }], arguments: { name: "10\u202e42" } });
  });
});
