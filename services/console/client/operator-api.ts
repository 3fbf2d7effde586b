import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type {
  Colleague,
  Inbox,
  InboxView,
  OperatorAnswer,
  OperatorConversation,
} from "../../../shared/protocol/operator.ts";
import { readProblem, ServiceProblem } from "./service-problem.ts";

/** Limit for an answer; the service itself gives up earlier. */
const answerLimitMs = 20_000;
export const inboxPage = 50;

interface Change {
  readonly body?: object;
  /** Makes a repeated request harmless. */
  readonly key?: string;
}

/** The operators' part of the service. The browser adds the credentials with which the page was opened. */
export class OperatorApi {
  me(): Promise<Colleague> {
    return read("me");
  }

  async colleagues(): Promise<readonly Colleague[]> {
    const { operators } = await read<{ operators: Colleague[] }>("operators");
    return operators;
  }

  inbox(view: InboxView, before?: string): Promise<Inbox> {
    return read(`inbox?${query({ view, limit: String(inboxPage), before })}`);
  }

  conversation(id: string, before?: string): Promise<OperatorConversation> {
    const asked = query({ before });
    return read(`conversations/${id}${asked && `?${asked}`}`);
  }

  take(id: string, force: boolean): Promise<OperatorAnswer> {
    return change(`conversations/${id}/take`, { body: { force } });
  }

  release(id: string, to: "ai" | "queue"): Promise<OperatorAnswer> {
    return change(`conversations/${id}/release`, { body: { to } });
  }

  assign(id: string, operatorId: string): Promise<OperatorAnswer> {
    return change(`conversations/${id}/assign`, { body: { operatorId } });
  }

  close(id: string): Promise<OperatorAnswer> {
    return change(`conversations/${id}/close`, {});
  }

  setBlocked(id: string, blocked: boolean): Promise<unknown> {
    return change(`conversations/${id}/${blocked ? "block" : "unblock"}`, {});
  }

  async send(id: string, text: string, key: string): Promise<MessageView> {
    const { message } = await change<{ message: MessageView }>(`conversations/${id}/messages`, { body: { text }, key });
    return message;
  }

  note(id: string, text: string, key: string): Promise<unknown> {
    return change(`conversations/${id}/notes`, { body: { text }, key });
  }

  typing(id: string): Promise<unknown> {
    return change(`conversations/${id}/typing`, {});
  }

  /** @param messageId the newest message that was seen */
  seen(id: string, messageId: string): Promise<unknown> {
    return change(`conversations/${id}/seen`, { body: { messageId } });
  }

  presence(state: "online" | "away"): Promise<unknown> {
    return request("presence", { method: "PUT", ...json({ state }) });
  }
}

/** Address of a part of the operators' API. */
export function addressOf(path: string): string {
  return `/api/operator/${path}`;
}

function read<T>(path: string): Promise<T> {
  return request(path, {});
}

function change<T>(path: string, { body = {}, key }: Change): Promise<T> {
  const { headers, ...init } = json(body);
  return request(path, {
    method: "POST",
    ...init,
    headers: key === undefined ? headers : { ...headers, "Idempotency-Key": key },
  });
}

function json(body: object): { headers: Record<string, string>; body: string } {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  try {
    const response = await fetch(addressOf(path), {
      ...init,
      cache: "no-store",
      signal: AbortSignal.timeout(answerLimitMs),
    });
    if (!response.ok) throw await readProblem(response);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    // An answer that was cut, or is not of the service, is none.
    throw error instanceof ServiceProblem ? error : new ServiceProblem("", { status: 0 });
  }
}

function query(fields: Record<string, string | undefined>): string {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}
