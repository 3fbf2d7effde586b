import { createHash } from "node:crypto";
import { z } from "zod";
import { localizedText } from "../localized-text.ts";
import { cardTemplate, sentHeaders, toolName, toolTimeoutMs } from "./tool-declaration.ts";
import { malformedIn, secretsIn, textsIn } from "./tool-faults.ts";
import { parseUrlTemplate, placeholdersIn } from "./tool-template.ts";

/** Servers of one assistant, and tools of all of them that it may use. Each one's schema is part of every prompt. */
const maxServers = 8;
const maxTools = 32;

const listedName = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "expected the name in the server's list: at most 128 characters without spaces");

const mcpTool = z.strictObject({
  name: listedName,
  as: toolName.optional().describe("name by which models call it; absent: the same"),
  effect: z.enum(["read", "change"]),
  confirm: z.enum(["visitor", "never"]).optional().describe("visitor for a change, never for reading; may be left out"),
  repeat: z.enum(["never", "same"]).default("never").describe("same: a second equal call changes nothing more"),
  errors: z
    .enum(["failed", "unknown"])
    .default("failed")
    .describe("unknown: it may have done its work even if it reports an error"),
  card: cardTemplate.optional().describe("question to the visitor before a change; absent: name and arguments"),
  result: localizedText.optional().describe("words of the outcome; absent: the text of the result"),
  timeoutMs: toolTimeoutMs,
});

const server = z.strictObject({
  url: z
    .string()
    .refine(
      (text) => parseUrlTemplate(text) !== undefined && placeholdersIn(text, "value").length === 0,
      "expected an address like https://shop.example.com/mcp: http or https, and no placeholders but secrets in path and values of the query",
    ),
  headers: sentHeaders.optional(),
  tools: z.array(mcpTool).min(1, "expected the tools that may be used").max(maxTools),
});

export type McpToolDeclaration = z.output<typeof mcpTool>;
export type McpServerDeclaration = z.output<typeof server>;

/** MCP servers of an assistant. Each tool that it may use is named: what else a server lists is never called. */
export const mcpServers = z
  .array(server)
  .max(maxServers)
  .superRefine((servers, context) => {
    const named = servers.reduce((sum, { tools }) => sum + tools.length, 0);
    if (named > maxTools)
      context.addIssue({ code: "custom", message: `names ${named} tools, expected at most ${maxTools}` });
    for (const [at, each] of servers.entries())
      for (const { path, message } of faultsOfServer(each, [at]))
        context.addIssue({ code: "custom", path: [...path], message });
  });

interface Fault {
  path: readonly (string | number)[];
  message: string;
}

function faultsOfServer({ url, headers, tools }: McpServerDeclaration, path: (string | number)[]): Fault[] {
  const sent = [...textsIn(url, [...path, "url"]), ...textsIn(headers, [...path, "headers"])];
  const listed = tools.map(({ name }) => name);
  return [
    ...sent.flatMap(malformedIn),
    ...listed.flatMap((name, at) =>
      listed.indexOf(name) < at ? [{ path: [...path, "tools", at, "name"], message: "is there twice" }] : [],
    ),
    ...tools.flatMap((tool, at) => faultsOfTool(tool, [...path, "tools", at])),
  ];
}

function faultsOfTool(tool: McpToolDeclaration, path: (string | number)[]): Fault[] {
  const { name, as, effect, confirm, repeat, errors, card, result } = tool;
  const mustBeRenamed = as === undefined && !toolName.safeParse(name).success;
  const faults: [boolean, string, string][] = [
    [mustBeRenamed, "name", `is no name that every provider takes: expected another one for models in "as"`],
    [effect === "read" && confirm === "visitor", "confirm", 'expected "never": reading is not asked about'],
    [
      effect === "change" && confirm === "never",
      "confirm",
      'expected "visitor": a server may change what its tool does',
    ],
    [effect === "read" && card !== undefined, "card", "is never shown: reading is not asked about"],
    [effect === "read" && repeat === "same", "repeat", "is for changes: reading is repeated by the model"],
    [effect === "read" && errors === "unknown", "errors", "is for changes: nothing is open after reading"],
  ];
  return [
    ...faults.flatMap(([isWrong, field, message]) => (isWrong ? [{ path: [...path, field], message }] : [])),
    ...[...textsIn(card, [...path, "card"]), ...textsIn(result, [...path, "result"])].flatMap(secretsIn),
  ];
}

/** Finds tools of an assistant that models would call by one name. */
export function clashingNames({
  tools = [],
  mcp = [],
}: {
  tools?: readonly { name: string }[] | undefined;
  mcp?: readonly McpServerDeclaration[] | undefined;
}): Fault[] {
  const known = new Set(tools.map(({ name }) => name));
  return mcp.flatMap((each, at) =>
    each.tools.flatMap((tool, place) => {
      const name = offeredName(tool);
      const clashes = known.has(name);
      known.add(name);
      const message = `"${name}" is the name of two tools: expected another one for models in "as"`;
      return clashes ? [{ path: ["mcp", at, "tools", place, "name"], message }] : [];
    }),
  );
}

/** Name by which models call a tool of a server. */
export function offeredName({ name, as }: Pick<McpToolDeclaration, "name" | "as">): string {
  return as ?? name;
}

/**
 * Key of a server: its address and headers, with the names of their secrets. Servers may list other tools to other headers.
 * @returns 22 characters of base64url
 */
export function serverKey({ url, headers = {} }: Pick<McpServerDeclaration, "url" | "headers">): string {
  const sorted = Object.entries(headers).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([url, sorted]))
    .digest("base64url")
    .slice(0, 22);
}

/** Names of all secrets that are sent to a server. */
export function secretsOfServer({ url, headers }: Pick<McpServerDeclaration, "url" | "headers">): string[] {
  const texts = [...textsIn(url, []), ...textsIn(headers, [])];
  return [...new Set(texts.flatMap(({ text }) => placeholdersIn(text, "secret")))];
}
