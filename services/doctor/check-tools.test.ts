import { expect, it } from "vitest";
import { type Assistants, assistantsPath, readAssistants } from "../../shared/assistants/assistants.ts";
import { mcpServers } from "../../shared/assistants/tools/mcp-declaration.ts";
import { siteTools } from "../../shared/assistants/tools/site-tool.ts";
import { readNamedSecrets } from "../../shared/config/config.ts";
import { checkTools } from "./check-tools.ts";

const shipped = (await readAssistants(assistantsPath)).get("default");

/** An assistant with a tool that reads at each of these addresses. */
function assistantsWith(...urls: string[]): Assistants {
  if (!shipped) throw new Error("there is no assistant");
  const tools = siteTools.parse(
    urls.map((url, at) => ({
      name: `tool_${at}`,
      description: "Looks something up",
      parameters: { type: "object" },
      effect: "read",
      request: { method: "GET", url, headers: { Authorization: "Bearer ${secret:SHOP_KEY}" } },
    })),
  );
  return new Map([["default", { ...shipped, tools }]]);
}

const settings = { FETCH_ALLOW_PRIVATE: ["127.0.0.0/8"], FETCH_PORTS: [4000] };

it("says which tools lack a secret, and which endpoints cannot be called", async () => {
  const urls = ["http://127.0.0.1:4000/a", "http://127.0.0.1:4000/b?c=d", "http://10.0.0.1/", "http://127.0.0.1:4001/"];
  const found = await checkTools(assistantsWith(...urls, "https://shop.invalid/"), {
    settings,
    secrets: readNamedSecrets({}),
  });
  const lines = found.map(({ state, text }) => `${state} ${text}`);
  expect(lines.slice(0, 5)).toEqual(
    [0, 1, 2, 3, 4].map((at) => `fault default: tool_${at} sends SECRET_SHOP_KEY, which is not set`),
  );
  expect(lines.slice(5)).toEqual([
    "ok tool_0, tool_1: http://127.0.0.1:4000 is at 127.0.0.1; it was not called",
    expect.stringMatching(/^fault tool_2: .* an address of a private network/) as string,
    expect.stringMatching(/^fault tool_3: .* Port 4001 is not allowed/) as string,
    expect.stringMatching(/^fault tool_4: .* could not be resolved/) as string,
  ]);
});

it("looks at MCP servers as well", async () => {
  const [assistant] = assistantsWith().values();
  const mcp = mcpServers.parse([
    { url: "http://10.0.0.1/mcp?key=${secret:MCP_KEY}", tools: [{ name: "order_status", effect: "read" }] },
  ]);
  const assistants: Assistants = new Map(assistant && [["default", { ...assistant, mcp }]]);
  const found = await checkTools(assistants, { settings, secrets: readNamedSecrets({}) });
  expect(found.map(({ text }) => text)).toEqual([
    "default: an MCP server sends SECRET_MCP_KEY, which is not set",
    expect.stringMatching(/^an MCP server: .* an address of a private network/) as string,
  ]);
});

it("finds no fault where all is set", async () => {
  const secrets = readNamedSecrets({ SECRET_SHOP_KEY: "long-enough" });
  const found = await checkTools(assistantsWith("http://127.0.0.1:4000/"), { settings, secrets });
  expect(found.map(({ state }) => state)).toEqual(["ok"]);
});
