import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clashingNames, type McpToolDeclaration, mcpServers } from "../assistants/tools/mcp-declaration.ts";
import { faultOfArguments } from "../assistants/tools/tool-arguments.ts";
import { readFetchSettings, readNamedSecrets } from "../config/config.ts";
import { openSiteTools } from "../site-tools/open-site-tools.ts";
import type { SiteToolClient } from "../site-tools/tool-outcome.ts";
import { startMcpServer, type TestMcpServer, type TestTool } from "../testing/fixtures/mcp-server.ts";
import { toSiteTool } from "./offered-tools.ts";
import { toOfferedSchema } from "./tool-schema.ts";

const inputSchema = { type: "object" as const, properties: { order: { type: "string" } } };
const secret = "the-key-of-the-shop";

let server: TestMcpServer;
let client: SiteToolClient;
beforeAll(async () => {
  server = await startMcpServer([]);
  const settings = readFetchSettings({ FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: String(server.port) });
  const secrets = readNamedSecrets({ SECRET_SHOP_KEY: secret });
  client = openSiteTools({ settings, secrets, log: { warn: () => undefined } });
});
afterAll(async () => {
  await client.close();
  await server.close();
});

function declare(tool: Partial<McpToolDeclaration> = {}) {
  const [declared] = mcpServers.parse([
    { url: server.url, tools: [{ name: "order_status", effect: "read", ...tool }] },
  ]);
  if (!declared) throw new Error("nothing was declared");
  return declared;
}

async function look(tools: TestTool[]) {
  server.tools = tools;
  server.intercept = undefined;
  const found = await client.look(declare());
  if (found.fault !== undefined) throw new Error(found.fault);
  return found;
}

/** Answers `tools/list` in place of the SDK, which checks what it sends. */
function listRaw(pages: readonly object[]) {
  let page = 0;
  server.intercept = (method, res) => {
    if (method !== "tools/list") return false;
    const result = pages[Math.min(page++, pages.length - 1)];
    res
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ jsonrpc: "2.0", id: page, result }));
    return true;
  };
  return client.look(declare());
}

const faultOf = async (tool: object) => {
  const found = await look([{ name: "order_status", inputSchema, ...tool }]);
  return found.tools[0]?.fault;
};

describe("a list", () => {
  it("has a pin of each tool, which follows name, description and schema, and nothing else", async () => {
    const pins = async (tool: object) =>
      (await look([{ name: "a", inputSchema, ...tool }])).tools.map(({ hash }) => hash);
    const [first] = await pins({});
    expect(
      await pins({ inputSchema: { properties: { order: { type: "string" } }, type: "object" }, title: "A" }),
    ).toEqual([first]);
    expect(await pins({ description: "a" })).not.toEqual([first]);
    expect(await pins({ name: "b" })).not.toEqual([first]);
    expect(await pins({ inputSchema: { ...inputSchema, required: ["order"] } })).not.toEqual([first]);
  });

  it.each([
    ["description", { description: "a".repeat(4001) }, "its description is longer than 4000 characters"],
    ["hidden words", { description: "a\u{e0041}" }, "it has characters that nobody can see"],
    [
      "hidden words of a schema",
      { inputSchema: { type: "object", description: "a\u200b" } },
      "it has characters that nobody can see",
    ],
    [
      "size",
      { inputSchema: { type: "object", description: "a".repeat(16_384) } },
      "its schema is longer than 16384 characters",
    ],
    [
      "depth",
      { inputSchema: { type: "object", default: JSON.parse("[".repeat(60) + "]".repeat(60)) as unknown } },
      "its schema is nested more than 24 deep",
    ],
    [
      "names",
      { inputSchema: { type: "object", properties: { "my order": {} } } },
      'its parameter "my order" has a name that models\' servers refuse',
    ],
    [
      "references",
      { inputSchema: { type: "object", properties: { a: { $ref: "https://evil.example/a.json" } } } },
      "its schema cannot be used: can't resolve reference https://evil.example/a.json from id #",
    ],
    ["tasks", { execution: { taskSupport: "required" } }, "it works as a task alone, which is not supported"],
  ])("names a tool that cannot be offered for its %s", async (_what, tool, fault) => {
    expect(await faultOf(tool)).toBe(fault);
  });

  it("takes schemas as servers write them: older drafts, references within, keywords of their own", async () => {
    const older = {
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: "a",
      definitions: { b: { type: "string" } },
    };
    expect(
      await faultOf({
        inputSchema: { ...inputSchema, ...older, properties: { a: { $ref: "#/definitions/b" }, c: { items: [{}] } } },
      }),
    ).toBeNull();
    expect(
      await faultOf({
        inputSchema: {
          ...inputSchema,
          "x-ui": 1,
          properties: { a: { type: "string", nullable: true, format: "odd" } },
        },
      }),
    ).toBeNull();
  });

  it("is read in pages; tools that are declared come first of thousands, and the others are counted", async () => {
    const many = Array.from({ length: 900 }, (_, at) => ({ name: `tool_${at}`, inputSchema }));
    const found = await listRaw([
      { tools: many, nextCursor: "2" },
      {
        tools: [
          ...many.map(({ name }) => ({ name: `${name}b`, inputSchema })),
          { name: "order_status", inputSchema },
          { name: "no name" },
          7,
        ],
      },
    ]);
    expect(found).toMatchObject({ leftOut: 1801 - 128 + 2 });
    if (found.fault === undefined) expect(found.tools[0]).toMatchObject({ name: "order_status", fault: null });
  });

  it("names what is listed twice", async () => {
    const found = await listRaw([
      {
        tools: [
          { name: "a", inputSchema },
          { name: "a", inputSchema, description: "other" },
        ],
      },
    ]);
    expect(found).toMatchObject({ tools: [{ name: "a", fault: "it is listed twice" }] });
  });

  it("that has no end, or is none, is not read", async () => {
    let page = 0;
    server.intercept = (method, res) => {
      if (method !== "tools/list") return false;
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ jsonrpc: "2.0", id: ++page, result: { tools: [], nextCursor: String(page) } }));
      return true;
    };
    expect(await client.look(declare())).toEqual({
      fault: "The list of the server's tools cannot be read, as it has more than 20 pages.",
    });
    expect(await listRaw([{ tools: "none" }])).toEqual({ fault: "The list of the server's tools cannot be read." });
    server.intercept = (_method, res) => Boolean(res.writeHead(401).end());
    expect(await client.look(declare())).toEqual({ fault: "The server answered with status 401." });
  });

  it("has no secret, even if the server writes one into it", async () => {
    const found = await look([
      { name: "a", description: `Use ${secret}`, inputSchema: { type: "object", title: secret } },
    ]);
    expect(JSON.stringify(found)).not.toContain(secret);
  });
});

describe("a tool as models are offered it", () => {
  it("has neither alternatives at its root nor lists without items; arguments are checked against the whole", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "array" }, b: { type: "string" } },
      anyOf: [{ required: ["a"] }, { required: ["b"] }],
      required: ["b", 1],
    };
    const { parameters, unseen } = toOfferedSchema(schema);
    expect(parameters).toEqual({
      type: "object",
      properties: { a: { type: "array", items: {} }, b: { type: "string" } },
      required: ["b"],
    });
    expect(unseen).toEqual(["anyOf"]);
    const whole = toOfferedSchema({ ...schema, required: [] }).parameters;
    expect(faultOfArguments({ parameters: whole }, { b: "x" })).toBeUndefined();
    expect(faultOfArguments({ parameters: whole }, {})).toContain("must have required property");
  });

  it("checks patterns of strangers for a moment at most", () => {
    const { parameters } = toOfferedSchema({
      type: "object",
      properties: { a: { type: "string", pattern: "^(a+)+$" }, b: { pattern: "^b$" } },
    });
    const begun = performance.now();
    expect(faultOfArguments({ parameters }, { a: `${"a".repeat(60)}!` })).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(faultOfArguments({ parameters }, { a: "!" })).toContain("must match pattern");
    expect(faultOfArguments({ parameters }, { b: "a" })).toContain("must match pattern");
  });

  it("asks about every argument, or with the words of the site", () => {
    const listed = {
      description: "",
      schema: JSON.stringify({ type: "object", properties: { order: {}, reason: {} } }),
      hash: "a",
    };
    const made = (tool: Partial<McpToolDeclaration>) => {
      const declaration = declare({ effect: "change", ...tool });
      const [declared] = declaration.tools;
      return declared && toSiteTool(declaration, declared, listed);
    };
    expect(made({ name: "orders.cancel", as: "cancel_order" })).toMatchObject({
      name: "cancel_order",
      description: "orders.cancel",
      confirm: "visitor",
      repeat: "never",
      card: {
        title: "Cancel order",
        lines: [
          { label: "order", value: "{order}" },
          { label: "reason", value: "{reason}" },
        ],
      },
      mcp: { name: "orders.cancel", hash: "a" },
    });
    expect(made({ card: { title: "Cancel {number}", lines: [] } })).toBe(
      "its words have {number}, which is no parameter",
    );
  });
});

describe("a declaration", () => {
  it("names tools that models would call by one name, and too many of them", () => {
    const tools = (names: string[]) => names.map((name) => ({ name, effect: "read" }));
    const declared = mcpServers.parse([
      { url: server.url, tools: tools(["order_status", "search"]) },
      { url: `${server.url}2`, tools: tools(["search"]) },
    ]);
    const clashes = clashingNames({ tools: [{ name: "order_status" }], mcp: declared });
    expect(clashes.map(({ path }) => path.join("."))).toEqual(["mcp.0.tools.0.name", "mcp.1.tools.0.name"]);
    const many = Array.from({ length: 20 }, (_, at) => `tool_${at}`);
    expect(faults([0, 1].map((at) => ({ url: `${server.url}${at}`, tools: tools(many) })))).toEqual([
      ": names 40 tools, expected at most 32",
    ]);
  });

  const faults = (servers: unknown) =>
    mcpServers.safeParse(servers).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const url = "https://shop.example.com/mcp?key=${secret:SHOP_KEY}";

  it("names each fault with its path", () => {
    expect(faults([{ url, tools: [{ name: "a", effect: "read" }] }])).toBeUndefined();
    expect(faults([{ url: "ftp://a", tools: [] }])).toEqual([
      expect.stringContaining("0.url: expected an address like") as string,
      "0.tools: expected the tools that may be used",
    ]);
    expect(faults([{ url, tools: [{ name: "a", effect: "change", confirm: "never" }] }])).toEqual([
      '0.tools.0.confirm: expected "visitor": a server may change what its tool does',
    ]);
    expect(
      faults([
        {
          url,
          headers: { authorization: "${SHOP_KEY}" },
          tools: [
            { name: "orders.get", effect: "read", confirm: "visitor" },
            {
              name: "orders.get",
              as: "get",
              effect: "read",
              repeat: "same",
              card: { title: "${secret:A}", lines: [] },
            },
          ],
        },
      ]),
    ).toEqual([
      expect.stringContaining("0.headers.authorization: expected") as string,
      "0.tools.1.name: is there twice",
      expect.stringContaining(
        '0.tools.0.name: is no name that every provider takes: expected another one for models in "as"',
      ) as string,
      '0.tools.0.confirm: expected "never": reading is not asked about',
      "0.tools.1.card: is never shown: reading is not asked about",
      "0.tools.1.repeat: is for changes: reading is repeated by the model",
      "0.tools.1.card.title: must not have a secret: it is shown",
    ]);
  });
});
