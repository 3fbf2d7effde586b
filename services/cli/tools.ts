import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Assistants, assistantsPath, readAssistants } from "../../shared/assistants/assistants.ts";
import { claimsTakenBy, valuesOfIdentity } from "../../shared/assistants/tools/identity-parameters.ts";
import type { SiteTool } from "../../shared/assistants/tools/site-tool.ts";
import { secretsOfTool } from "../../shared/assistants/tools/tool-faults.ts";
import { readFetchSettings, readNamedSecrets } from "../../shared/config/config.ts";
import { describeError } from "../../shared/describe-error.ts";
import { runAlone } from "./run-command.ts";

const usage = `Usage:
  npm run tools -- list                          list the tools of all assistants: assistant, name, effect, request, missing secrets
  npm run tools -- try <name> --arguments <json> call a tool as a reply would, and print the outcome

Options of try:
  --arguments <json>   an object, such as '{"order":"1042"}'; {} by default
  --assistant <name>   assistant whose tool it is; default by default
  --language <tag>     of the outcome's words
  --identity <json>    claims of a visitor's identity, such as '{"sub":"4711"}', for a tool that takes some
  --change             call a tool that changes something, too: it is carried out, and nobody is asked

Tools stand in ${assistantsPath}, their secrets in the environment or in .env: SECRET_<NAME>.
`;

const options = {
  arguments: { type: "string" },
  assistant: { type: "string" },
  language: { type: "string" },
  identity: { type: "string" },
  change: { type: "boolean" },
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

const tryOptions = z.object({
  arguments: jsonObject.default({}),
  identity: jsonObject.optional(),
  assistant: z.string().default("default"),
  language: z.string().optional(),
  change: z.boolean().default(false),
});

if (import.meta.main) process.exitCode = await runTools(process.argv.slice(2));

/** @returns the exit code */
export function runTools(args: string[]): Promise<number> {
  return runAlone(parseCommand(args), usage);
}

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): (() => Promise<number>) | string {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [command = "", name, ...more] = positionals;
    if (command === "list" && name === undefined) return list;
    if (command !== "try") return command === "" ? "" : `There is no command "${command}".\n\n`;
    if (name === undefined || more.length > 0) return "try: expected the name of one tool, as list prints it.\n\n";
    const wanted = tryOptions.safeParse(values);
    return wanted.success ? () => tryTool(name, wanted.data) : `${z.prettifyError(wanted.error)}\n\n`;
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

async function list(): Promise<number> {
  const secrets = readNamedSecrets();
  const tools = toolsOf(await readAssistants(assistantsPath));
  if (tools.length === 0) process.stderr.write(`No assistant in ${assistantsPath} has tools.\n`);
  for (const { assistant, tool } of tools) {
    const missing = secretsOfTool(tool).filter((secret) => !secrets.has(secret));
    const lacks = missing.length > 0 ? `  lacks ${missing.map((secret) => `SECRET_${secret}`).join(", ")}` : "";
    const { method, url } = tool.request;
    process.stdout.write(
      `${assistant}  ${tool.name}  ${tool.effect.padEnd("change".length)}  ${method} ${url}${lacks}\n`,
    );
  }
  return 0;
}

function toolsOf(assistants: Assistants): { assistant: string; tool: SiteTool }[] {
  return [...assistants].flatMap(([assistant, { tools = [] }]) => tools.map((tool) => ({ assistant, tool })));
}

async function tryTool(name: string, wanted: z.output<typeof tryOptions>): Promise<number> {
  const all = toolsOf(await readAssistants(assistantsPath));
  const found = all.find(({ assistant, tool }) => assistant === wanted.assistant && tool.name === name);
  const secrets = readNamedSecrets();
  const refusal = found
    ? refusalOf(found.tool, wanted, secrets)
    : `The assistant "${wanted.assistant}" has no tool "${name}".`;
  if (!found || refusal !== undefined) {
    process.stderr.write(`${refusal}\n`);
    return 1;
  }
  const { openSiteTools } = await import("../../shared/site-tools/open-site-tools.ts");
  const client = openSiteTools({ settings: readFetchSettings(), secrets, log: { warn: () => undefined } });
  const begun = performance.now();
  const given = { idempotencyKey: `try-${randomUUID()}`, locale: wanted.language, claims: wanted.identity };
  const { state, status, text, reason } = await client.call(found.tool, wanted.arguments, given);
  await client.close();
  const took = `${Math.round(performance.now() - begun)} ms`;
  const details = [status === undefined ? undefined : `status ${status}`, took].filter(Boolean).join(", ");
  process.stderr.write(`${state} (${details})${reason === undefined ? "" : `: ${reason}`}\n`);
  if (text !== "") process.stdout.write(`${text}\n`);
  return state === "done" ? 0 : 1;
}

function refusalOf(
  tool: SiteTool,
  { change, identity }: Pick<z.output<typeof tryOptions>, "change" | "identity">,
  secrets: ReturnType<typeof readNamedSecrets>,
): string | undefined {
  const missing = secretsOfTool(tool).find((secret) => !secrets.has(secret));
  if (missing !== undefined) return `SECRET_${missing} is not set.`;
  if (!valuesOfIdentity(tool, identity)) {
    return `${tool.name} takes claims of a visitor's identity: add --identity with ${claimsTakenBy([tool]).join(", ")}.`;
  }
  if (tool.effect === "read" || change) return undefined;
  return `${tool.name} changes something: add --change to carry it out.`;
}
