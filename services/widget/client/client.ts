import type { ConversationView, HistoryView } from "../../../shared/protocol/conversation.ts";
import type { JobView } from "../../../shared/protocol/job.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { SubmitRequest, SubmitResponse } from "../../../shared/protocol/submit.ts";
import { type FollowOptions, followJob } from "./follow.ts";
import type { JobProgress } from "./followed-text.ts";
import { askForJob, type JobAccess } from "./job-access.ts";
import type { Route } from "./listen.ts";
import { newKey } from "./new-key.ts";
import { createPauses } from "./pauses.ts";
import { ask, type Call, type Line } from "./request.ts";
import { ServiceError } from "./service-error.ts";

// For those with an interface of their own, this file is the module.
export { newKey, ServiceError };

/** Names a conversation, and opens it. What `submit` gives is one, and names its job, too. */
export interface ConversationAccess {
  readonly conversationId: string;
  /** Absent where the service needs none. */
  readonly token?: string | undefined;
}

export interface ClientOptions {
  /** Where the service is: `https://chat.example.com`; `""` in a page of its own. */
  server: string;
  /** What the embedding site signed about its visitor, or how to get it now. */
  identity?: string | (() => string | undefined) | undefined;
  /** By default the global one. */
  fetch?: typeof globalThis.fetch | undefined;
}

export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Of the conversation in the request. */
  token?: string | undefined;
  /**
   * Names the message: with the same one it may be sent any number of times, and is taken once. Make it with `newKey`, and
   * keep it until the message was taken.
   */
  key?: string | undefined;
  /** Of a first message, where the service asks for it: what the browser got for solving a bot challenge. */
  challenge?: string | undefined;
}

export interface Feedback {
  rating: "up" | "down" | null;
  comment?: string | undefined;
}

/**
 * Everything a visitor may ask of the service. Each call but `follow` is one request; what goes wrong is a
 * `ServiceError`, which says whether the same call may do later.
 */
export interface Client {
  /** As given, without a slash at the end. */
  readonly server: string;
  /** The visitor's own name in `identity` (its `sub`, not verified here); `undefined`: nobody in particular. */
  readonly visitor: string | undefined;
  /** Sends a message. Once this resolves it is stored, and will be answered. */
  submit(request: SubmitRequest, options?: SubmitOptions): Promise<SubmitResponse>;
  /**
   * The reply while it is written, until the job has ended; survives lost connections, and polls by itself where a
   * proxy keeps streams back. Rejects only with what does not pass, and when its signal is aborted.
   */
  follow(job: JobAccess, options?: FollowOptions): AsyncGenerator<JobProgress, void>;
  job(job: JobAccess, options?: CallOptions): Promise<JobView>;
  /** Stops a job. The answer says `cancelled` if it was queued; else `follow` says when it has ended. */
  cancel(job: JobAccess, options?: CallOptions): Promise<JobView>;
  conversation(conversation: ConversationAccess, options?: CallOptions): Promise<ConversationView>;
  /** @param options `before`: a message, for the page that ends before it; `limit`: 50, at most 200 */
  history(
    conversation: ConversationAccess,
    options?: CallOptions & { before?: string | undefined; limit?: number | undefined },
  ): Promise<HistoryView>;
  /** Has the service erase it for good. */
  deleteConversation(conversation: ConversationAccess, options?: CallOptions): Promise<void>;
  feedback(
    reply: { readonly messageId: string; readonly token?: string | undefined },
    feedback: Feedback,
    options?: CallOptions,
  ): Promise<void>;
  assistants(options?: CallOptions): Promise<readonly AssistantInfo[]>;
  /** Has each `follow` that waits for better times try now: the network is back, the page is looked at again. */
  wake(): void;
}

/** Speaks the HTTP contract, in browsers and in Node. Acts only when called. */
export function createClient({ server, identity, fetch }: ClientOptions): Client {
  const line: Line = {
    server: server.replace(/\/+$/, ""),
    // The global one must not be called as a method of something else.
    fetch: (...request) => (fetch ?? globalThis.fetch)(...request),
    identity: () => (typeof identity === "function" ? identity() : identity),
  };
  const route: Route = { line, blockedUntil: 0 };
  const pauses = createPauses();
  const call = <Answer>(
    path: string,
    { token }: { readonly token?: string | undefined },
    { signal }: CallOptions = {},
    { has, ...rest }: Omit<Call, "path"> & { has?: keyof Answer } = {},
  ) => ask<Answer>(line, { path: `/api/${path}`, token, signal, ...rest }, has);
  return {
    server: line.server,
    get visitor() {
      return readSubject(line.identity());
    },
    submit: (body, { key, challenge, ...options } = {}) =>
      call<SubmitResponse>("chat", options, options, { ...post, key, challenge, body, has: "jobId" }),
    follow: (job, options = {}) => followJob(route, pauses, job, options),
    job: (job, options) => askForJob(line, job, options?.signal),
    cancel: (job, options) => call<JobView>(`jobs/${job.jobId}`, job, options, { ...remove, has: "jobId" }),
    conversation: (access, options) =>
      call<ConversationView>(`conversations/${access.conversationId}`, access, options, { has: "messages" }),
    history: (access, options = {}) => {
      const { before, limit } = options;
      const query = new URLSearchParams({ ...(before && { before }), ...(limit && { limit: String(limit) }) });
      const path = `chat/history/${access.conversationId}?${query}`;
      return call<HistoryView>(path, access, options, { has: "messages" });
    },
    deleteConversation: (access, options) => call(`conversations/${access.conversationId}`, access, options, remove),
    feedback: (reply, body, options) => call(`messages/${reply.messageId}/feedback`, reply, options, { ...post, body }),
    assistants: async (options) =>
      (await call<{ assistants: AssistantInfo[] }>("assistants", {}, options, { has: "assistants" })).assistants,
    wake: () => pauses.wake(),
  };
}

const post = { method: "POST" } as const;
const remove = { method: "DELETE" } as const;

/** Whom a compact JWS is about; one that cannot be read is its own name. */
function readSubject(identity: string | undefined): string | undefined {
  if (identity === undefined) return undefined;
  try {
    const payload = identity.split(".")[1] ?? "";
    const { sub } = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))) as { sub?: unknown };
    return typeof sub === "string" ? sub : identity;
  } catch {
    return identity;
  }
}
