import { z } from "zod";
import type { SiteTool } from "../assistants/tools/site-tool.ts";
import { valuesOfIdentity } from "../assistants/tools/identity-parameters.ts";
import { faultOfArguments, faultOfModelArguments } from "../assistants/tools/tool-arguments.ts";
import { placeholdersIn } from "../assistants/tools/tool-template.ts";
import { FetchError } from "../fetch/fetch-error.ts";
import { type GuardedFetch, openGuardedFetch, type ResponseHead } from "../fetch/guarded-fetch.ts";
import { buildBody, buildHeaders, buildUrl, UnusableArgument } from "./build-request.ts";
import { maskIdentity } from "./mask-identity.ts";
import { reachDemoShop } from "./reach-demo-shop.ts";
import { boundWords, wordsByTemplate } from "./outcome-words.ts";
import type { SiteToolClient, SiteToolsOptions, ToolCallOptions, ToolOutcome } from "./tool-outcome.ts";

/** Bytes of a response, after decompression. */
const maxResponseBytes = 262_144;

const userAgent = "parley/1.0";

type Arguments = Readonly<Record<string, unknown>>;

/** Statuses that leave open whether a change was carried out, or still will be. */
const openRefusals = [408, 425];

/**
 * Statuses by which a server in front of the endpoint, or the endpoint's own door, turns a call away. To a repeated call they say
 * nothing about the first one, which may have been let in.
 */
const turnedAway = [401, 403, 404, 405, 407, 409, 421, 429];

interface Asked {
  tool: SiteTool;
  /** As the model gave them: the only ones in words of the outcome. */
  args: Arguments;
  /** Those, and the parameters that the visitor's identity gives. */
  filled: Arguments;
  given: ToolCallOptions;
}

type Client = SiteToolsOptions & { client: GuardedFetch };

/** Opens the client of all tools. Load it for the first call only: it brings an HTTP client and a schema compiler. */
export function openSiteTools(options: SiteToolsOptions): SiteToolClient {
  const { FETCH_ALLOW_PRIVATE: allowPrivate, FETCH_PORTS: ports, FETCH_PROXY: proxy, DEMO_SHOP_URL } = options.settings;
  const usual = openGuardedFetch({ userAgent, allowPrivate, ports, proxy });
  const client = { ...options, client: reachDemoShop(usual, DEMO_SHOP_URL, userAgent) };
  return {
    call: (tool, args, given) => finish(client, { tool, args, given }, callOnce),
    askStatus: (tool, args, given) => finish(client, { tool, args, given }, askOnce),
    look: async (server, { signal } = {}) => {
      const { lookAtServer } = await import("../mcp/look-at-server.ts");
      return lookAtServer({ ...client, signal }, server);
    },
    close: () => client.client.close(),
  };
}

/** Carries out a call, and makes an outcome of whatever happens. */
async function finish(
  client: Client,
  { tool, args, given }: Omit<Asked, "filled">,
  work: (client: Client, asked: Asked) => Promise<ToolOutcome>,
): Promise<ToolOutcome> {
  const { log, secrets } = client;
  const values = valuesFor(tool, given, work === askOnce ? tool.status : undefined);
  const working = values ? work(client, { tool, args, filled: { ...args, ...values }, given }) : missing(given);
  const { text, reason, ...outcome } = await working.catch((error: unknown): ToolOutcome => {
    if (!(error instanceof UnusableArgument)) throw error;
    if (Object.hasOwn(values ?? {}, error.parameter ?? "")) return doesNotFit(error.message);
    return { state: "failed", isMistake: true, text: error.message };
  });
  const mask = (words: string) => boundWords(maskIdentity(secrets.mask(words), values));
  const why = reason === undefined ? {} : { reason: mask(reason) };
  if (outcome.state !== "done" && !outcome.isMistake && !outcome.needsIdentity) {
    log.warn({ tool: tool.name, action: given.idempotencyKey, ...outcome, ...why }, "the call of a tool was not done");
  }
  return { ...outcome, ...why, text: mask(text) };
}

/** A question about a change may do without the identity that the change took: it is gone once its job has ended. */
function valuesFor(tool: SiteTool, { claims }: ToolCallOptions, asked: SiteTool["status"]) {
  const values = valuesOfIdentity(tool, claims);
  if (values || !asked) return values;
  return placeholdersIn(asked.url, "value").some((name) => Object.hasOwn(tool.identity ?? {}, name)) ? undefined : {};
}

async function missing({ repeated }: ToolCallOptions): Promise<ToolOutcome> {
  return { state: repeated ? "unknown" : "failed", needsIdentity: true, text: "" };
}

function doesNotFit(fault: string): ToolOutcome {
  return { state: "failed", text: "", reason: `The visitor's identity does not fit. ${fault}` };
}

async function callOnce(client: Client, asked: Asked): Promise<ToolOutcome> {
  const { tool, args, filled, given } = asked;
  if (tool.mcp) {
    // The client of MCP takes megabytes: it is loaded by the first call.
    const { callMcpTool } = await import("../mcp/call-tool.ts");
    return callMcpTool(client, { tool: { ...tool, mcp: tool.mcp }, args, given });
  }
  const mistake = faultOfModelArguments(tool, args);
  if (mistake !== undefined) return { state: "failed", isMistake: true, text: mistake };
  const fault = faultOfArguments(tool, filled);
  if (fault !== undefined) return doesNotFit(fault);
  const exchange = await exchangeOnce(client, asked, tool.request);
  if (!exchange.head) {
    const { wasSent, reason } = exchange;
    // The first one of repeated calls may have arrived.
    return { state: wasSent || given.repeated ? uncertain(tool) : "failed", text: "", reason };
  }
  const { head, body, reason } = exchange;
  const { status } = head;
  if (status >= 200 && status < 300) return doneWith(asked, exchange);
  const isRefusal = status >= 400 && status < 500 && !openRefusals.includes(status);
  const isSure = isRefusal && !(given.repeated && turnedAway.includes(status));
  const why = reason ?? `The endpoint answered with status ${status}.`;
  return { state: isSure ? "failed" : uncertain(tool), status, text: plainText(body), reason: why };
}

/** Reading changes nothing, so that nothing is open after it. */
function uncertain({ effect }: SiteTool): "failed" | "unknown" {
  return effect === "read" ? "failed" : "unknown";
}

/** A change was carried out even if the response cannot be read; nothing was read then. */
function doneWith({ tool, args, given }: Asked, { head: { status }, body, reason }: Answered): ToolOutcome {
  if (body === undefined) return { state: tool.effect === "read" ? "failed" : "done", status, text: "", reason };
  const response = parseJson(body) ?? body;
  return { state: "done", status, text: wordsByTemplate(tool, response, { ...given, args }) ?? plainText(body) };
}

async function askOnce(client: Client, asked: Asked): Promise<ToolOutcome> {
  const { tool, args, given } = asked;
  if (!tool.status) return { state: "unknown", text: "" };
  const { headers } = tool.request;
  const exchange = await exchangeOnce(client, asked, { method: "GET", url: tool.status.url, headers });
  if (!exchange.head) return { state: "unknown", text: "", reason: exchange.reason };
  const { status } = exchange.head;
  const answer = statusAnswer.safeParse(status === 200 ? parseJson(exchange.body) : undefined);
  if (!answer.success) return { state: "unknown", status, text: "", reason: exchange.reason ?? "It has no state." };
  const { state, result } = answer.data;
  if (state === "unknown") return { state, status, text: "" };
  const words = state === "done" ? wordsByTemplate(tool, result, { ...given, args }) : undefined;
  return { state, status, text: words ?? (typeof result === "string" ? result : (JSON.stringify(result) ?? "")) };
}

const statusAnswer = z.object({ state: z.enum(["done", "failed", "unknown"]), result: z.unknown().optional() });

interface Answered {
  head: ResponseHead;
  /** Absent if it is too large or damaged. */
  body: string | undefined;
  reason?: string | undefined;
}

type Exchange = Answered | { head?: undefined; wasSent: boolean; reason: string };

/** @throws {UnusableArgument} before anything is sent */
async function exchangeOnce(
  { client, secrets }: Client,
  { tool, filled: args, given }: Asked,
  request: SiteTool["request"],
): Promise<Exchange> {
  const url = buildUrl(request.url, { args, secrets });
  const body = request.body && JSON.stringify(buildBody(request.body, { args, secrets }));
  const headers = {
    accept: "application/json, text/*;q=0.5",
    ...buildHeaders(request.headers, { secrets }),
    ...(body !== undefined && { "content-type": "application/json" }),
    "idempotency-key": given.idempotencyKey,
  };
  const seen: { wasSent: boolean; head?: ResponseHead } = { wasSent: false };
  try {
    const response = await client.send(url, {
      method: request.method,
      headers,
      body,
      maxBytes: maxResponseBytes,
      timeoutMs: tool.timeoutMs,
      signal: given.signal,
      onConnect: () => (seen.wasSent = true),
      onResponse: (head) => (seen.head = head),
    });
    return { head: response, body: response.cut ? undefined : response.bytes.toString("utf8") };
  } catch (error) {
    const reason = error instanceof FetchError ? error.message : "The request could not be made.";
    return seen.head ? { head: seen.head, body: undefined, reason } : { wasSent: seen.wasSent, reason };
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Text of a response as it is. Pages are for browsers: nothing of them is an outcome. */
function plainText(body = ""): string {
  return /^\s*</.test(body) || body.includes("\0") ? "" : body;
}
