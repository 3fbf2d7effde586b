import type OpenAI from "openai";
import { ConfigError, type Config } from "../../../../shared/config/config.ts";
import { proxyOf } from "../../../../shared/config/proxy-environment.ts";
import { createCall } from "../openai/calls.ts";
import { type OpenAiClientOptions, createOpenAiClient } from "../openai/client.ts";
import { toError } from "../openai/to-error.ts";
import type { Provider, ProviderEvent, ProviderRequest } from "../provider.ts";
import { defaultTimeouts, withTimeouts, type Timeouts } from "../timeouts.ts";
import { checkApiKey } from "../upstream/http/api-key.ts";
import { createUpstreamConnections } from "../../../../shared/upstream/connections.ts";
import { createProbe } from "../upstream/http/probe.ts";
import { readReply } from "../upstream/read-reply.ts";
import { Reply } from "../upstream/reply.ts";
import { ServerHabits } from "../upstream/shown/server-habits.ts";
import { openSdkBody } from "../upstream/http/sdk-body.ts";
import { createFromEvent, type RunPart } from "./from-event.ts";
import { createAssistantThreads } from "./threads.ts";
import { toRequest } from "./to-request.ts";

interface AssistantsOptions extends OpenAiClientOptions {
  assistantId: string;
  timeouts?: Timeouts;
}

/** @throws {ConfigError} when the key or the assistant is missing, or the key is not a valid header value */
export function openaiAssistantsFromConfig(config: Config): Provider {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_ASSISTANT_ID: assistantId } = config;
  if (apiKey === undefined) throw new ConfigError("OPENAI_API_KEY is not set");
  if (assistantId === undefined) throw new ConfigError("OPENAI_ASSISTANT_ID is not set");
  return createAssistantsProvider({
    baseUrl,
    apiKey: checkApiKey("OPENAI_API_KEY", apiKey),
    assistantId,
    proxy: proxyOf(config),
  });
}

/**
 * Creates a provider for the Assistants API, for servers that still offer it: OpenAI shut its own down on 2026-08-26.
 */
export function createAssistantsProvider(options: AssistantsOptions): Provider {
  const { baseUrl, apiKey, assistantId, timeouts = defaultTimeouts, proxy } = options;
  const connections = createUpstreamConnections({ connectMs: timeouts.connectMs, proxy });
  const client = createOpenAiClient(options, connections);
  const habits = new ServerHabits();
  return {
    name: "openai-assistants",
    upstream: baseUrl,
    probe: createProbe(connections, baseUrl),
    threads: createAssistantThreads(client, createCall(apiKey, timeouts.wholeAnswerMs)),
    stream: (request, signal) =>
      withTimeouts((limited) => streamRun({ client, apiKey, assistantId, habits, request, signal: limited }), {
        signal,
        firstTextMs: request.assistant.firstTextMs,
        ...timeouts,
      }),
  };
}

interface AssistantsCall {
  client: OpenAI;
  apiKey: string;
  assistantId: string;
  habits: ServerHabits;
  request: ProviderRequest;
  signal: AbortSignal;
}

async function* streamRun(call: AssistantsCall): AsyncGenerator<ProviderEvent, void, undefined> {
  const { client, apiKey, assistantId, habits, request } = call;
  const { threadId } = request;
  if (threadId === undefined) throw new TypeError("the Assistants API answers in threads only");
  let run: RunPart["run"];
  const fromEvent = createFromEvent(apiKey);
  const toPart = (data: string) => {
    const part = fromEvent(data);
    run = part.run ?? run;
    return part;
  };
  const reply = new Reply(assistantId, toPart, { habits: habits.of(assistantId), request });
  try {
    yield* readReply(openSdkBody(startRun(call, threadId), "OPENAI_BASE_URL"), {
      reply,
      toError: (error) => toError(error, apiKey),
    });
  } finally {
    if (run?.active) cancelRun(client, threadId, run.id);
  }
}

/** Async, so that it also rejects where the SDK throws synchronously, as for an id that cannot be part of a path. */
async function startRun({ client, assistantId, request, signal }: AssistantsCall, threadId: string): Promise<Response> {
  return client.beta.threads.runs.create(threadId, toRequest(request, assistantId), { signal }).asResponse();
}

const cancelMs = 5_000;

/**
 * Cancels a run, since it continues after its client disconnects. The run's end and the success of the cancel are not
 * awaited. A run that was not cancelled costs its tokens and keeps the thread busy for some minutes.
 */
function cancelRun(client: OpenAI, threadId: string, runId: string): void {
  const limits = { signal: AbortSignal.timeout(cancelMs) };
  client.beta.threads.runs.cancel(runId, { thread_id: threadId }, limits).catch(() => {});
}
