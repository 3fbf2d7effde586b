import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ConversationView,
  conversation,
  type HistoryView,
  history,
} from "../../../shared/protocol/conversation.ts";
import { type JobView, jobView } from "../../../shared/protocol/job.ts";
import { type SubmitResponse, submitResponse } from "../../../shared/protocol/submit.ts";
import { JobEventStream, type OpenOptions } from "./event-stream.ts";

/** Id and token of a conversation. */
export interface ConversationRef {
  conversationId: string;
  token: string;
}

/** Id and token of a job. */
export interface JobRef extends ConversationRef {
  jobId: string;
}

interface RequestOptions {
  method?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  /** A string is sent unchanged, anything else as JSON. */
  body?: unknown;
}

/** Any HTTP answer. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed text; `undefined` if it is not JSON. */
  body: unknown;
}

interface SubmitOptions {
  /** Target conversation; absent: a new one. */
  to?: ConversationRef | undefined;
  key?: string | undefined;
  /** In seconds. */
  wait?: number | undefined;
}

/**
 * Timeout of every request that does not stream. A hanging request then fails with a name instead of by the test's
 * timeout.
 */
const callLimitMs = 70_000;

/** Client of one API process. */
export class ApiClient {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  async request(path: string, { method = "GET", token, headers, body }: RequestOptions = {}): Promise<ApiAnswer> {
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(callLimitMs),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parseJson(text) };
  }

  /** Sends a message, and returns any answer. */
  post(message: string | Record<string, unknown>, { to, key, wait }: SubmitOptions = {}): Promise<ApiAnswer> {
    const body = typeof message === "string" ? { message } : message;
    return this.request("/api/chat", {
      method: "POST",
      token: to?.token,
      headers: {
        ...(key !== undefined && { "idempotency-key": key }),
        ...(wait !== undefined && { prefer: `wait=${wait}` }),
      },
      body: { ...(to && { conversationId: to.conversationId }), ...body },
    });
  }

  /** @throws if it is not accepted */
  async submit(
    message: string | Record<string, unknown>,
    options: Omit<SubmitOptions, "wait"> = {},
  ): Promise<SubmitResponse> {
    return submitResponse.parse(ok(await this.post(message, options), 202));
  }

  /** Sends a message like a good client: retries later if asked to, with one idempotency key. */
  async submitPatiently(message: string, { to }: Pick<SubmitOptions, "to"> = {}): Promise<SubmitResponse> {
    const key = randomUUID();
    for (;;) {
      const answer = await this.post(message, { to, key });
      if (answer.status !== 503) return submitResponse.parse(ok(answer, 202));
      await sleep(Number(answer.headers.get("retry-after")) * 1000);
    }
  }

  /** @param wait for its end, in seconds */
  async job({ jobId, token }: JobRef, { wait }: { wait?: number } = {}): Promise<JobView> {
    const headers = wait === undefined ? {} : { prefer: `wait=${wait}` };
    return jobView.parse(ok(await this.request(`/api/jobs/${jobId}`, { token, headers }), 200));
  }

  /** Waits for its end for as long as the test may take. */
  async ended(job: JobRef): Promise<JobView> {
    for (;;) {
      const view = await this.job(job, { wait: 20 });
      if (view.finishedAt !== undefined) return view;
    }
  }

  cancel({ jobId, token }: JobRef): Promise<ApiAnswer> {
    return this.request(`/api/jobs/${jobId}`, { method: "DELETE", token });
  }

  /** Opens the job's event stream. */
  events({ jobId, token }: JobRef, options: Omit<OpenOptions, "token"> = {}): Promise<JobEventStream> {
    return JobEventStream.open(`${this.base}/api/jobs/${jobId}/events`, { token, ...options });
  }

  async history({ conversationId, token }: ConversationRef, query = ""): Promise<HistoryView> {
    return history.parse(ok(await this.request(`/api/chat/history/${conversationId}${query}`, { token }), 200));
  }

  async conversation({ conversationId, token }: ConversationRef): Promise<ConversationView> {
    return conversation.parse(ok(await this.request(`/api/conversations/${conversationId}`, { token }), 200));
  }

  deleteConversation({ conversationId, token }: ConversationRef): Promise<ApiAnswer> {
    return this.request(`/api/conversations/${conversationId}`, { method: "DELETE", token });
  }
}

function ok({ status, text, body }: ApiAnswer, expected: number): unknown {
  if (status !== expected) throw new Error(`expected ${expected}, got ${status}: ${text}`);
  return body;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
