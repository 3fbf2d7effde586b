import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { z } from "zod";
import { type Assistants, assistantsPath, readAssistants } from "../../shared/assistants/assistants.ts";
import { claimsTakenBy, valuesOfIdentity } from "../../shared/assistants/tools/identity-parameters.ts";
import type { SiteTool } from "../../shared/assistants/tools/site-tool.ts";
import { secretsOfTool } from "../../shared/assistants/tools/tool-faults.ts";
import { readFetchSettings, readNamedSecrets } from "../../shared/config/config.ts";
import { describeError } from "../../shared/describe-error.ts";
import type { SiteToolClient } from "../../shared/site-tools/tool-outcome.ts";
import { type Command, runAlone, runCommand } from "./run-command.ts";
import {
  allowRow,
  describeListed,
  type NamedServerTool,
  readRows,
  readServerTool,
  secretsOfNamed,
  serverToolsOf,
  stateInWords,
} from "./tools/server-tools.ts";
import { withPool } from "./with-pool.ts";

const usage = `Usage:
  npm run tools -- list                          list the tools of all assistants: assistant, name, effect, request, missing secrets
  npm run tools -- try <name> --arguments <json> call a tool as a reply would, and print the outcome
  npm run tools -- states                        list the tools of MCP servers, and which of them are allowed
  npm run tools -- allow <name>                  show a tool of an MCP server; with its pin, allow it as it is

Options of try:
  --arguments <json>   an object, such as '{"order":"1042"}'; {} by default
  --language <tag>     of the outcome's words
  --identity <json>    claims of a visitor's identity, such as '{"sub":"4711"}', for a tool that takes some
  --change             call a tool that changes something, too: it is carried out, and nobody is asked
Option of allow:
  --pin <pin>          the pin that allow has shown
Option of both:
  --assistant <name>   assistant whose tool it is; default by default

Tools stand in ${assistantsPath}, their secrets in the environment or in .env: SECRET_<NAME>.
`;

const options = {
  arguments: { type: "string" },
  assistant: { type: "string" },
  language: { type: "string" },
  identity: { type: "string" },
  change: { type: "boolean" },
  pin: { type: "string" },
} as const;

const jsonObject = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('expected JSON, such as \'{"order":"1042"}\'');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.unknown(), "expected a JSON object"));

const toolOptions = z.object({
  arguments: jsonObject.default({}),
  identity: jsonObject.optional(),
  assistant: z.string().default("default"),
  language: z.string().optional(),
  change: z.boolean().default(false),
  pin: z.string().optional(),
});
type ToolOptions = z.output<typeof toolOptions>;

if (import.meta.main) process.exitCode = await runTools(process.argv.slice(2));

/** @returns the exit code */
export function runTools(args: string[]): Promise<number> {
  const parsed = parseCommand(args);
  if (typeof parsed === "string" || "alone" in parsed) {
    return runAlone(typeof parsed === "string" ? parsed : parsed.alone, usage);
  }
  return runCommand(parsed.withDatabase, usage);
}

type Parsed = { alone: () => Promise<number> } | { withDatabase: Command };

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): Parsed | string {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [command = "", name, ...more] = positionals;
    if (command === "list" && name === undefined) return { alone: list };
    if (command === "states" && name === undefined) return { withDatabase: withPool("tools", states) };
    if (command !== "try" && command !== "allow") {
      return command === "" ? "" : `There is no command "${command}".\n\n`;
    }
    if (name === undefined || more.length > 0)
      return `${command}: expected the name of one tool, as list prints it.\n\n`;
    const wanted = toolOptions.safeParse(values);
    if (!wanted.success) return `${z.prettifyError(wanted.error)}\n\n`;
    if (command === "try") return { alone: () => tryTool(name, wanted.data) };
    return { withDatabase: withPool("tools", (pool) => allow(pool, name, wanted.data)) };
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

async function list(): Promise<number> {
  const secrets = readNamedSecrets();
  const assistants = await readAssistants(assistantsPath);
  const lines = [
    ...toolsOf(assistants).map(({ assistant, tool }) => ({
      assistant,
      name: tool.name,
      effect: tool.effect,
      request: `${tool.request.method} ${tool.request.url}`,
      needs: secretsOfTool(tool),
    })),
    ...serverToolsOf(assistants).map((named) => ({
      assistant: named.assistant,
      name: named.name,
      effect: named.declared.effect,
      request: `MCP ${named.server.url} ${named.declared.name}`,
      needs: secretsOfNamed(named),
    })),
  ];
  if (lines.length === 0) process.stderr.write(`No assistant in ${assistantsPath} has tools.\n`);
  for (const { assistant, name, effect, request, needs } of lines) {
    const missing = needs.filter((secret) => !secrets.has(secret));
    const lacks = missing.length > 0 ? `  lacks ${missing.map((secret) => `SECRET_${secret}`).join(", ")}` : "";
    process.stdout.write(`${assistant}  ${name}  ${effect.padEnd("change".length)}  ${request}${lacks}\n`);
  }
  return 0;
}

async function states(pool: Pool): Promise<number> {
  const named = serverToolsOf(await readAssistants(assistantsPath));
  if (named.length === 0) process.stderr.write(`No assistant in ${assistantsPath} names an MCP server.\n`);
  const rowOf = await readRows(pool, named);
  for (const each of named) process.stdout.write(`${each.assistant}  ${each.name}  ${stateInWords(rowOf(each))}\n`);
  return 0;
}

async function allow(pool: Pool, name: string, { assistant, pin }: ToolOptions): Promise<number> {
  const named = serverToolsOf(await readAssistants(assistantsPath));
  const found = named.find((each) => each.assistant === assistant && each.name === name);
  const row = found && (await readRows(pool, named))(found);
  if (!found || !row) {
    const why = found ? "is not listed yet: a worker reads the list" : "is no tool of an MCP server";
    process.stderr.write(`"${name}" of the assistant "${assistant}" ${why}.\n`);
    return 1;
  }
  if (pin === undefined) {
    process.stdout.write(`${stateInWords(row)}\n${describeListed(row)}\n`);
    process.stderr.write(`Allow it as it is here with --pin ${row.hash}\n`);
    return 0;
  }
  const isAllowed = pin === row.hash && (await allowRow(pool, row));
  process.stderr.write(
    isAllowed
      ? `${name} is allowed.\n`
      : `${name} was not allowed: it is not as that pin says, or it cannot be used.\n`,
  );
  return isAllowed ? 0 : 1;
}

function toolsOf(assistants: Assistants): { assistant: string; tool: SiteTool }[] {
  return [...assistants].flatMap(([assistant, { tools = [] }]) => tools.map((tool) => ({ assistant, tool })));
}

async function tryTool(name: string, wanted: ToolOptions): Promise<number> {
  const assistants = await readAssistants(assistantsPath);
  const isMeant = (assistant: string, called: string) => assistant === wanted.assistant && called === name;
  const found = toolsOf(assistants).find(({ assistant, tool }) => isMeant(assistant, tool.name))?.tool;
  const named = serverToolsOf(assistants).find((each) => isMeant(each.assistant, each.name));
  const secrets = readNamedSecrets();
  const missing = (found ? secretsOfTool(found) : named ? secretsOfNamed(named) : []).find(
    (each) => !secrets.has(each),
  );
  const { effect } = found ?? named?.declared ?? {};
  if (effect === undefined) return refuse(`The assistant "${wanted.assistant}" has no tool "${name}".`);
  if (missing !== undefined) return refuse(`SECRET_${missing} is not set.`);
  if (found && !valuesOfIdentity(found, wanted.identity)) {
    return refuse(
      `${name} takes claims of a visitor's identity: add --identity with ${claimsTakenBy([found]).join(", ")}.`,
    );
  }
  if (effect === "change" && !wanted.change) return refuse(`${name} changes something: add --change to carry it out.`);
  const { openSiteTools } = await import("../../shared/site-tools/open-site-tools.ts");
  const client = openSiteTools({ settings: readFetchSettings(), secrets, log: { warn: () => undefined } });
  try {
    const tool = found ?? (await readNamed(client, named));
    return typeof tool === "string" ? refuse(tool) : await callTool(client, tool, wanted);
  } finally {
    await client.close();
  }
}

async function readNamed(client: SiteToolClient, named: NamedServerTool | undefined): Promise<SiteTool | string> {
  return named ? readServerTool(client, named) : "There is no such tool.";
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n`);
  return 1;
}

async function callTool(client: SiteToolClient, tool: SiteTool, wanted: ToolOptions): Promise<number> {
  const begun = performance.now();
  const given = { idempotencyKey: `try-${randomUUID()}`, locale: wanted.language, claims: wanted.identity };
  const { state, status, text, reason } = await client.call(tool, wanted.arguments, given);
  const took = `${Math.round(performance.now() - begun)} ms`;
  const details = [status === undefined ? undefined : `status ${status}`, took].filter(Boolean).join(", ");
  process.stderr.write(`${state} (${details})${reason === undefined ? "" : `: ${reason}`}\n`);
  if (text !== "") process.stdout.write(`${text}\n`);
  return state === "done" ? 0 : 1;
}
