import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type {
  Colleague,
  Inbox,
  InboxView,
  LookAnswer,
  OperatorAnswer,
  OperatorConversation,
} from "../../../shared/protocol/operator.ts";
import type { OperatorJob, RetrievedPassage } from "../../../shared/protocol/knowledge/retrieved-passage.ts";
import type { AssistantState, AssistantStates } from "../../../shared/protocol/people/assistants.ts";
import type { FoundPage } from "../../../shared/protocol/people/search.ts";
import type { CannedReply } from "../../../shared/protocol/people/canned-replies.ts";
import type { SuggestionView } from "../../../shared/protocol/people/suggestions.ts";
import { askService, change, erase, jsonBody, queryOf, read } from "./service-request.ts";

export const inboxPage = 50;

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
    return read(`inbox?${queryOf({ view, limit: String(inboxPage), before })}`);
  }

  /** @param asked at least one of the two is not empty */
  search({ text, filter }: { text: string; filter: string }, before?: string): Promise<FoundPage> {
    return read(`search?${queryOf({ q: text || undefined, filter: filter || undefined, before })}`);
  }

  conversation(id: string, before?: string): Promise<OperatorConversation> {
    const asked = queryOf({ before });
    return read(`conversations/${id}${asked && `?${asked}`}`);
  }

  /** @returns the passages that a reply was made from, the best first */
  async passages(jobId: string): Promise<readonly RetrievedPassage[]> {
    return (await read<OperatorJob>(`jobs/${jobId}`)).passages;
  }

  take(id: string, force: boolean): Promise<OperatorAnswer> {
    return change(`conversations/${id}/take`, { body: { force } });
  }

  release(id: string, to: "ai" | "queue"): Promise<OperatorAnswer> {
    return change(`conversations/${id}/release`, { body: { to } });
  }

  /** @param note for colleagues; its key has it kept once */
  assign(id: string, operatorId: string, note?: { text: string; key: string }): Promise<OperatorAnswer> {
    const { text, ...key } = note ?? {};
    return change(`conversations/${id}/assign`, { body: { operatorId, note: text }, ...key });
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

  suggest(id: string): Promise<SuggestionView> {
    return change(`conversations/${id}/suggestions`, {});
  }

  /** Waits a while for it. */
  suggestion(id: string, suggestionId: string): Promise<SuggestionView> {
    return askService(`conversations/${id}/suggestions/${suggestionId}`, { headers: { Prefer: "wait=15" } });
  }

  async assistants(): Promise<readonly AssistantState[]> {
    return (await read<AssistantStates>("assistants")).assistants;
  }

  /** @returns who else looks at it */
  look(id: string, looks: boolean): Promise<LookAnswer> {
    return change(`conversations/${id}/look`, { body: { looks } });
  }

  async canned(): Promise<readonly CannedReply[]> {
    const { replies } = await read<{ replies: CannedReply[] }>("canned-replies");
    return replies;
  }

  putCanned(shortcut: string, text: string): Promise<CannedReply> {
    return askService(`canned-replies/${encodeURIComponent(shortcut)}`, { method: "PUT", ...jsonBody({ text }) });
  }

  removeCanned(shortcut: string): Promise<void> {
    return erase(`canned-replies/${encodeURIComponent(shortcut)}`);
  }

  presence(state: "online" | "away"): Promise<unknown> {
    return askService("presence", { method: "PUT", ...jsonBody({ state }) });
  }
}
