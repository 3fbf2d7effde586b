import { z } from "zod";
import { inputMessage } from "../protocol/input-messages.ts";
import { ConfigError } from "../config/config.ts";
import { readRequiredJsonFile } from "../config/json-file.ts";
import { localizedList, localizedText, localizedWords, removableText, removableUrl, webUrl } from "./localized-text.ts";
import { people } from "./people.ts";
import { providerNames } from "./provider-catalog.ts";
import { clashingNames, mcpServers } from "./tools/mcp-declaration.ts";
import { siteTools } from "./tools/site-tool.ts";

/**
 * A canned reply, used when the message contains one of its keywords, or by its flags. Keywords by language tell in
 * which language the visitor writes, and so in which the reply is given.
 */
const preset = z
  .strictObject({
    keywords: localizedWords.default([]).describe("matched as whole words, whatever the case"),
    reply: localizedText,
    weak: z.literal(true).optional().describe("its keywords count only where no other preset's do: for courtesies"),
    default: z.literal(true).optional().describe("the reply when no keyword matches"),
    fallback: z
      .literal(true)
      .optional()
      .describe("only for when no provider could answer; the first of them where no keyword matches"),
  })
  .refine((flags) => !(flags.default && flags.fallback), {
    message: 'expected "default" or "fallback", not both',
  });

/** `example.com`, or `*.example.com` for all its subdomains; normalised as browsers write it. */
const linkHost = z.string().transform((text, context) => {
  const [, wildcard = "", host = ""] = /^(\*\.)?([^*/?#@:\\\s]+)$/.exec(text) ?? [];
  const url = host === "" ? null : URL.parse(`https://${host}`);
  if (url) return wildcard + url.hostname;
  context.addIssue({
    code: "custom",
    message: 'expected a host like "example.com", or "*.example.com" for all below it',
  });
  return z.NEVER;
});

const assistantFields = z.strictObject({
  name: localizedText,
  description: localizedText,
  title: localizedText.optional().describe("heading of the chat; absent: the name"),
  provider: z.enum(providerNames).optional(),
  fallback: z
    .array(z.enum(providerNames))
    .optional()
    .describe("providers asked after its own, in this order; absent: every configured one"),
  model: z.string().min(1).optional(),
  instructions: z.string().min(1),
  maxOutputTokens: z.int().min(1).max(100_000).default(1024),
  firstTextMs: z.int().min(1000).max(3_600_000).optional().describe("until a provider's first text; 90 s by default"),
  state: z.enum(["own", "provider"]).default("own").describe("who keeps the conversation for the model"),
  // Upper bound, one token per byte: 32,000 bytes of English are about 8,000 tokens.
  maxHistoryTokens: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(32_000)
    .describe("of earlier turns, at most: a token a byte"),
  metadata: z.array(z.string().min(1)).optional().describe("keys of a conversation's metadata that the model is shown"),
  allowedLinkHosts: z.array(linkHost).optional().describe("where links in replies may lead; absent: anywhere"),
  budget: z.number().positive().optional().describe("USD a day (UTC) for calls to providers"),
  greeting: localizedText.optional(),
  aiNotice: removableText.optional().describe("words that say who writes; false: none"),
  privacyUrl: removableUrl.optional().describe("the link beside them; false: none"),
  consent: z.boolean().optional().describe("whether visitors must agree before their first message is sent"),
  avatarUrl: webUrl.optional().describe("picture beside its replies; absent: the initials of its name"),
  suggestions: localizedList(6).optional(),
  people: people.describe("people behind it: true, false (by default), or rules for handing over to them"),
  tools: siteTools.optional().describe("endpoints of the site that its model may call"),
  askByMcp: z.boolean().optional().describe("whether programs may ask it over /mcp without an operator's key"),
  mcp: mcpServers.optional().describe("MCP servers, and the tools of them that its model may call"),
  presets: z
    .array(preset)
    .refine((presets) => presets.filter((p) => p.default).length === 1, {
      message: 'expected exactly one preset with "default": true',
    })
    .refine((presets) => presets.some((p) => p.fallback), {
      message: 'expected a preset with "fallback": true, for when no provider can answer',
    }),
});

const assistant = assistantFields.superRefine((fields, context) => {
  for (const { path, message } of clashingNames(fields)) context.addIssue({ code: "custom", path: [...path], message });
});

const assistantsFile = z.strictObject({
  assistants: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, "expected lower-case letters, digits and dashes"), assistant)
    .refine((all) => "default" in all, { message: 'expected an assistant named "default"' }),
});

export type Preset = z.output<typeof preset>;
export type Assistant = z.output<typeof assistant>;
/** Assistants by type, the key under which clients request one. */
export type Assistants = ReadonlyMap<string, Assistant>;

/** Location of the product's own assistants. */
export const assistantsPath = "config/assistants.json";

/**
 * Reads and checks the assistants at start.
 * @throws {ConfigError} naming the file, the path in it and what was expected there, for every fault
 */
export async function readAssistants(path: string): Promise<Assistants> {
  const parsed = assistantsFile.safeParse(await readRequiredJsonFile(path), { error: inputMessage });
  const faults = parsed.success
    ? await faultsOfSchemas(parsed.data.assistants)
    : parsed.error.issues.flatMap(withinUnions).map((issue) => `${issue.path.join(".")}: ${expectation(issue)}`);
  if (parsed.success && faults.length === 0) return new Map(Object.entries(parsed.data.assistants));
  const lines = faults.map((fault) => `  ${path}: ${fault}`);
  throw new ConfigError(`The assistants have ${faults.length} fault(s):\n${lines.join("\n")}`);
}

/** Compiles the schemas of tools. The compiler is loaded for the first tool: most processes know none. */
async function faultsOfSchemas(assistants: Record<string, Assistant>): Promise<string[]> {
  const schemas = Object.entries(assistants).flatMap(([type, { tools = [] }]) =>
    tools.map(({ parameters }, at) => ({ path: `assistants.${type}.tools.${at}.parameters`, parameters })),
  );
  if (schemas.length === 0) return [];
  const { faultOfSchema } = await import("./tools/tool-arguments.ts");
  return schemas.flatMap(({ path, parameters }) => {
    const fault = faultOfSchema(parameters);
    return fault === undefined ? [] : [`${path}: ${fault}`];
  });
}

/** Replaces the issue of a union by those of the kind that was meant: the one whose type the value has. */
function withinUnions(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors
    .map((faults) => faults.flatMap(withinUnions))
    .find((faults) => faults.every(({ code, path }) => path.length > 0 || code === "custom"));
  return meant?.map((each) => ({ ...each, path: [...issue.path, ...each.path] })) ?? [issue];
}

/** Finds the reason of an issue. Zod reports a key only as invalid; the reason is one level deeper. */
function expectation(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join("; ") : issue.message;
}
