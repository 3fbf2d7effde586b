import { requestJson, type ApiRequest } from "./api-request.ts";
import type { Endpoint } from "./endpoint.ts";
import type { StreamEvent } from "./event-parser.ts";
import { EventStream } from "./event-stream.ts";
import { type FollowOptions, followReply } from "./follow-reply.ts";
import { fetchJob, type JobAccess } from "./job-access.ts";
import { newKey } from "./new-key.ts";
import type {
  ActionCard,
  AssistantInfo,
  ConversationEvent,
  ConversationView,
  FeedbackReason,
  HandoffAnswer,
  HandoffRequest,
  HistoryView,
  JobView,
  MessageView,
  ReplySourceView,
  StretchRatingRequest,
  SubmitRequest,
  SubmitResponse,
  VisitorConversationsView,
} from "./protocol.d.ts";
import type { JobProgress, ResumePoint } from "./reply-assembler.ts";
import { createRetryDelays } from "./retry-delays.ts";
import { ServiceError } from "./service-error.ts";
import type { StreamHealth } from "./stream-reply.ts";

// Public module for sites with their own interface.
export { newKey, ServiceError };
export type {
  ActionCard,
  AssistantInfo,
  ConversationEvent,
  ConversationView,
  EventStream,
  FollowOptions,
  HandoffAnswer,
  HandoffRequest,
  HistoryView,
  JobAccess,
  JobProgress,
  JobView,
  MessageView,
  ReplySourceView,
  ResumePoint,
  StreamEvent,
  SubmitRequest,
  SubmitResponse,
  VisitorConversationsView,
};

/** Id and token of a conversation. An answer of `submit` is one, and names its job, too. */
export interface ConversationAccess {
  readonly conversationId: string;
  /** Absent if the service needs none. */
  readonly token?: string | undefined;
}

export interface ClientOptions {
  /** Origin of the service: `https://chat.example.com`, or `""` for the page's own. */
  server: string;
  /** Statement about the visitor, signed by the embedding site, or a function that returns the current one. */
  identity?: string | (() => string | undefined) | undefined;
  /** Defaults to the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface SubmitOptions extends CallOptions {
  /** Token of the conversation in the request. */
  token?: string | undefined;
  /**
   * Idempotency key of the message: requests with the same key may be sent any number of times, and the message is
   * accepted once. Make it with `newKey`, and keep it until the message is accepted.
   */
  key?: string | undefined;
  /** Solution of a bot challenge, sent with a first message if the service requires one. */
  challenge?: string | undefined;
}

interface Feedback {
  rating: "up" | "down" | null;
  comment?: string | undefined;
  reason?: FeedbackReason | undefined;
}

/**
 * All requests of a visitor. Each call but `follow` is one request. Errors are a `ServiceError`, which says whether a
 * retry may succeed.
 */
export interface Client {
  /** Origin as given, without a slash at the end. */
  readonly server: string;
  /** Subject of `identity` (its `sub`, not verified here); `undefined`: an anonymous visitor. */
  readonly visitor: string | undefined;
  /** Sends a message. Once this resolves, the message is stored and will be answered. */
  submit(request: SubmitRequest, options?: SubmitOptions): Promise<SubmitResponse>;
  /**
   * Yields the reply while it is written, until the job has ended. Survives lost connections, and falls back to polls
   * where a proxy buffers streams. Rejects only with permanent errors, and when its signal is aborted.
   */
  follow(job: JobAccess, options?: FollowOptions): AsyncGenerator<JobProgress, void>;
  /**
   * Opens one connection to the events of a conversation, from whatever device they come.
   * @param after a `cursor`, or the id of the last event
   */
  events(conversation: ConversationAccess, after: string, signal: AbortSignal): EventStream;
  job(job: JobAccess, options?: CallOptions): Promise<JobView>;
  /** Stops a job. A queued job answers `cancelled`; otherwise `follow` reports the end. */
  cancel(job: JobAccess, options?: CallOptions): Promise<JobView>;
  conversation(conversation: ConversationAccess, options?: CallOptions): Promise<ConversationView>;
  /** @param options `before`: a message; the page ends before it. `limit`: 50, at most 200 */
  history(
    conversation: ConversationAccess,
    options?: CallOptions & { before?: string | undefined; limit?: number | undefined },
  ): Promise<HistoryView>;
  /**
   * Asks that a person answers, or, with `null`, that the assistant answers again while one is waited for. Rejects with the
   * code `handled` if a person has the conversation already.
   */
  handOff(
    conversation: ConversationAccess,
    request: HandoffRequest | null,
    options?: CallOptions,
  ): Promise<HandoffAnswer>;
  /** Says how it went with a person. @param stretch as `ratingAsked` of the conversation names it */
  rateStretch(
    conversation: ConversationAccess,
    stretch: number,
    answer: StretchRatingRequest,
    options?: CallOptions,
  ): Promise<void>;
  /** Notes that the visitor has seen the messages up to this one: no mail tells of them. */
  seen(conversation: ConversationAccess, body: { readonly messageId: string }, options?: CallOptions): Promise<void>;
  /** Shows a person who answers that the visitor is typing; at most once in 3 s. */
  typing(conversation: ConversationAccess, options?: CallOptions): Promise<void>;
  /** Reads all of the conversation as text for people. */
  transcript(conversation: ConversationAccess, options?: CallOptions): Promise<string>;
  /** Erases the conversation for good. */
  deleteConversation(conversation: ConversationAccess, options?: CallOptions): Promise<void>;
  /**
   * Answers the card of an action: yes or no. Once this resolves, the answer is stored, and its job does what was confirmed.
   * The same answer may be sent any number of times, and has one job. Rejects with the code `answered` after the other
   * answer, `tool-changed`, or `identity-required`; with a `state` if the action can be answered no more.
   */
  answerAction(
    action: { readonly id: string; readonly token?: string | undefined },
    confirm: boolean,
    options?: CallOptions,
  ): Promise<SubmitResponse>;
  feedback(
    reply: { readonly messageId: string; readonly token?: string | undefined },
    feedback: Feedback,
    options?: CallOptions,
  ): Promise<void>;
  /** @param options `locale`: language tag of their texts */
  assistants(options?: CallOptions & { locale?: string | undefined }): Promise<readonly AssistantInfo[]>;
  /**
   * Lists the conversations of the visitor whom `identity` names, those with the latest news first.
   * @param options `limit`: 20, at most 100
   */
  conversations(options?: CallOptions & { limit?: number | undefined }): Promise<VisitorConversationsView>;
  /** Checks each `follow` again now: the network is back, the page became visible or hidden, or may stream or not. */
  wake(): void;
}

/** Creates a client of the HTTP contract, for browsers and Node. Sends nothing before a call. */
export function createClient({ server, identity, fetch }: ClientOptions): Client {
  const endpoint: Endpoint = {
    server: server.replace(/\/+$/, ""),
    // The global `fetch` throws when called as a method of another object.
    fetch: (...request) => (fetch ?? globalThis.fetch)(...request),
    identity: () => (typeof identity === "function" ? identity() : identity),
  };
  const health: StreamHealth = { endpoint, blockedUntil: fetch || canReadStreams() ? 0 : Infinity };
  const delays = createRetryDelays();
  const call = <Answer>(
    path: string,
    { token }: { readonly token?: string | undefined },
    { signal }: CallOptions = {},
    { has, ...rest }: Omit<ApiRequest, "path"> & { has?: keyof Answer } = {},
  ) => requestJson<Answer>(endpoint, { path: `/api/${path}`, token, signal, ...rest }, has);
  return {
    server: endpoint.server,
    get visitor() {
      return readSubject(endpoint.identity());
    },
    submit: (body, { key, challenge, ...options } = {}) =>
      call<SubmitResponse>("chat", options, options, { ...post, key, challenge, body, has: "jobId" }),
    follow: (job, options = {}) => followReply(health, delays, job, options),
    events: ({ conversationId, token }, lastEventId, signal) =>
      new EventStream(endpoint, { path: `/api/conversations/${conversationId}/events`, token, lastEventId }, signal),
    job: (job, options) => fetchJob(endpoint, job, options?.signal),
    cancel: (job, options) => call<JobView>(`jobs/${job.jobId}`, job, options, { ...remove, has: "jobId" }),
    conversation: (access, options) =>
      call<ConversationView>(`conversations/${access.conversationId}`, access, options, { has: "messages" }),
    history: (access, options = {}) =>
      call<HistoryView>(`chat/history/${access.conversationId}?${pageQuery(options)}`, access, options, {
        has: "messages",
      }),
    handOff: (access, body, options) =>
      call<HandoffAnswer>(`conversations/${access.conversationId}/handoff`, access, options, {
        ...(body ? { ...post, body } : remove),
      }),
    rateStretch: (access, stretch, body, options) =>
      call(`conversations/${access.conversationId}/stretches/${stretch}/rating`, access, options, { ...post, body }),
    seen: (access, body, options) =>
      call(`conversations/${access.conversationId}/seen`, access, options, { ...post, body }),
    typing: (access, options) => call(`conversations/${access.conversationId}/typing`, access, options, post),
    transcript: (access, options) =>
      call<string>(`conversations/${access.conversationId}/export`, access, options, { accept: "text/plain" }),
    deleteConversation: (access, options) => call(`conversations/${access.conversationId}`, access, options, remove),
    answerAction: (action, confirm, options) =>
      call<SubmitResponse>(`actions/${action.id}`, action, options, { ...post, body: { confirm }, has: "jobId" }),
    feedback: (reply, body, options) => call(`messages/${reply.messageId}/feedback`, reply, options, { ...post, body }),
    assistants: async ({ locale, ...options } = {}) => {
      const path = locale === undefined ? "assistants" : `assistants?locale=${encodeURIComponent(locale)}`;
      return (await call<{ assistants: AssistantInfo[] }>(path, {}, options, { has: "assistants" })).assistants;
    },
    conversations: ({ limit, ...options } = {}) =>
      call<VisitorConversationsView>(`me/conversations${limit ? `?limit=${limit}` : ""}`, {}, options, {
        has: "conversations",
      }),
    wake: () => delays.wake(),
  };
}

/** Tests for responses that can be read while they arrive. React Native's own cannot. */
function canReadStreams(): boolean {
  return "body" in Response.prototype;
}

const post = { method: "POST" } as const;
const remove = { method: "DELETE" } as const;

function pageQuery({ before, limit }: { before?: string | undefined; limit?: number | undefined }): URLSearchParams {
  return new URLSearchParams({ ...(before && { before }), ...(limit && { limit: String(limit) }) });
}

/** Reads the subject of a compact JWS. An unreadable one is used as the subject as it is. */
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
