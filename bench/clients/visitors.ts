import { randomUUID } from "node:crypto";
import { HttpConnection } from "./http-connection.ts";

/** A message and its reply from the visitor's view; times in milliseconds since sending. */
export interface ChatTiming {
  firstDeltaMs: number;
  totalMs: number;
}

/** A visitor of one contender. Continues a conversation for `turns` messages, then begins another. */
export interface BenchVisitor {
  chat(): Promise<ChatTiming>;
  close(): Promise<void>;
}

/** Messages per conversation: a few, as is typical. */
const turns = 8;
const message = "Hello there, where is my order? I have been waiting for it since Monday.";

export type VisitorKind = (origin: string) => BenchVisitor;

export function makeVisitors(kind: VisitorKind, origin: string, count: number): BenchVisitor[] {
  return Array.from({ length: count }, () => kind(origin));
}

/** Visitor by Parley's contract: a POST, then the events. */
export function parleyVisitor(origin: string): BenchVisitor {
  const connection = new HttpConnection(origin);
  let conversation: { conversationId: string; token: string } | undefined;
  let sent = 0;
  return {
    async chat() {
      const began = performance.now();
      if (sent++ % turns === 0) conversation = undefined;
      const accepted = await submit(connection, conversation);
      conversation = accepted;
      const reply = await follow(began, connection, accepted.links.events, accepted.token);
      if (!reply.text.includes('"fallback":false')) throw new Error(`not answered by the provider: ${reply.text}`);
      return reply;
    },
    close: () => connection.destroy(),
  };
}

export interface SubmitAcceptance {
  conversationId: string;
  jobId: string;
  token: string;
  links: { events: string };
}

/** @throws if the message is not accepted */
export async function submit(
  connection: HttpConnection,
  to?: { conversationId: string; token: string },
  text = message,
): Promise<SubmitAcceptance> {
  const answer = await connection.request({
    method: "POST",
    path: "/api/chat",
    ...(to && { headers: { authorization: `Bearer ${to.token}` } }),
    body: JSON.stringify({ message: text, ...(to && { conversationId: to.conversationId }) }),
  });
  if (answer.status !== 202) throw new Error(`POST /api/chat: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as SubmitAcceptance;
}

/** Visitor of the floor, with the contract's two requests. */
export function floorVisitor(origin: string): BenchVisitor {
  const connection = new HttpConnection(origin);
  const nextConversation = conversations();
  return {
    async chat() {
      const began = performance.now();
      const body = JSON.stringify({ conversationId: nextConversation(), message, follow: true });
      const { status, text } = await connection.request({ method: "POST", path: "/chat", body });
      if (status !== 202) throw new Error(`POST /chat: ${status} ${text}`);
      const { id } = JSON.parse(text) as { id: string };
      return follow(began, connection, `/events/${id}`);
    },
    close: () => connection.destroy(),
  };
}

/**
 * Reads a job's events until they end.
 * @param began time of sending by `performance.now()`
 * @throws if there was no reply
 */
export async function follow(
  began: number,
  connection: HttpConnection,
  path: string,
  token?: string,
): Promise<ChatTiming & { text: string }> {
  let text = "";
  let firstDeltaMs: number | undefined;
  const call = { path, ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }) };
  const status = await connection.stream(call, (chunk) => {
    text += chunk;
    if (firstDeltaMs === undefined && text.includes("event: delta")) firstDeltaMs = performance.now() - began;
  });
  const totalMs = performance.now() - began;
  if (status !== 200 || firstDeltaMs === undefined || !text.includes("event: done"))
    throw new Error(`no reply: ${status} ${text}`);
  return { firstDeltaMs, totalMs, text };
}

/** Visitor with one request, answered when the reply is complete. */
export function naiveVisitor(origin: string): BenchVisitor {
  const connection = new HttpConnection(origin);
  const nextConversation = conversations();
  return {
    async chat() {
      const began = performance.now();
      const body = JSON.stringify({ conversationId: nextConversation(), message });
      const { status, text } = await connection.request({ method: "POST", path: "/chat", body });
      if (status !== 200) throw new Error(`POST /chat: ${status} ${text}`);
      const totalMs = performance.now() - began;
      return { firstDeltaMs: totalMs, totalMs };
    },
    close: () => connection.destroy(),
  };
}

/** Visitor that calls the provider directly. */
export function directVisitor(origin: string): BenchVisitor {
  const connection = new HttpConnection(origin);
  const body = JSON.stringify({ model: "default", stream: true, messages: [{ role: "user", content: message }] });
  return {
    async chat() {
      const began = performance.now();
      let text = "";
      let firstDeltaMs: number | undefined;
      const call = { method: "POST", path: "/v1/chat/completions", body } as const;
      const status = await connection.stream(call, (chunk) => {
        text += chunk;
        if (firstDeltaMs === undefined && /"content":"[^"]/.test(text)) firstDeltaMs = performance.now() - began;
      });
      if (status !== 200 || firstDeltaMs === undefined || !text.includes("[DONE]"))
        throw new Error(`the provider: ${status} ${text}`);
      return { firstDeltaMs, totalMs: performance.now() - began };
    },
    close: () => connection.destroy(),
  };
}

function conversations(): () => string {
  let sent = 0;
  let id = "";
  return () => {
    if (sent++ % turns === 0) id = randomUUID();
    return id;
  };
}
