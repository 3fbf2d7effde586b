import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import type { ShownConversation } from "./shown-conversation.ts";

export type BoxMode = "reply" | "note";

/** A text that is being written to one conversation. */
export interface UnsentText {
  text: string;
  mode: BoxMode;
  /** Names this text to the service, from its first sending until the answer, so that it is never stored twice. */
  key?: string | undefined;
  /** `trying`: no answer came, and it is sent again. `refused`: a person must decide. */
  state: "writing" | "sending" | "trying" | "refused";
  problem?: ServiceProblem | undefined;
}

const typingEveryMs = 3000;
const firstPauseMs = 500;
const maxPauseMs = 2000;

/** Drafts of all conversations. They outlive a reload of this tab, an unanswered one with its key. */
export class ReplyBox {
  readonly #api: OperatorApi;
  readonly #changed: () => void;
  readonly #texts = new Map<string, UnsentText>();
  #endPauses = new Set<() => void>();
  #saidTypingAt = 0;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  of(conversationId: string): UnsentText {
    const draft = this.#texts.get(conversationId) ?? restore(conversationId);
    this.#texts.set(conversationId, draft);
    return draft;
  }

  /** True if a text waits to be sent, or for a person to decide. */
  isStuck(conversationId: string): boolean {
    const { state } = this.of(conversationId);
    return state === "trying" || state === "refused";
  }

  /** True while a text is under way. */
  get isSending(): boolean {
    return [...this.#texts.values()].some(isBusy);
  }

  setMode(conversationId: string, mode: BoxMode): void {
    const draft = this.of(conversationId);
    if (isBusy(draft) || draft.mode === mode) return;
    this.#put(conversationId, { text: draft.text, mode, state: "writing" });
  }

  write(conversationId: string, text: string): void {
    const draft = this.of(conversationId);
    if (isBusy(draft) || draft.text === text) return;
    // Another text is another message.
    this.#put(conversationId, { text, mode: draft.mode, state: "writing" });
    if (draft.mode === "reply" && text.trim() !== "") this.#sayTyping(conversationId);
  }

  /**
   * Puts a text into the box that nobody has typed.
   * @returns false while another one is under way
   */
  fill(conversationId: string, text: string): boolean {
    if (isBusy(this.of(conversationId))) return false;
    this.#put(conversationId, { text, mode: "reply", state: "writing" });
    return true;
  }

  /** Sends the draft until it is answered. It leaves the box when it is stored, and not before. */
  async send(conversation: ShownConversation): Promise<void> {
    const { id } = conversation;
    const { text, mode, key = crypto.randomUUID(), state } = this.of(id);
    if (text.trim() === "") return;
    if (state === "trying") return this.wake();
    if (state === "sending") return;
    for (let failures = 0; ; failures++) {
      this.#put(id, { text, mode, key, state: failures === 0 ? "sending" : "trying", problem: this.of(id).problem });
      try {
        if (mode === "note") await this.#api.note(id, text.trim(), key);
        else conversation.add(await this.#api.send(id, text.trim(), key));
        this.#put(id, { text: "", mode, state: "writing" });
        return conversation.refresh();
      } catch (error) {
        if (!(error instanceof ServiceProblem)) throw error;
        this.#put(id, { text, mode, key, state: error.passes ? "trying" : "refused", problem: error });
        if (!error.passes) return conversation.refresh();
        await this.#pause(error.retryAfterMs, failures);
        if (this.of(id).state !== "trying") return;
      }
    }
  }

  /** Gives the text back to its writer. It may have been stored: the key stays with it. */
  stopTrying(conversationId: string): void {
    const draft = this.of(conversationId);
    if (draft.state !== "trying") return;
    this.#put(conversationId, { ...draft, state: "refused" });
    this.wake();
  }

  /** Tries again now. */
  wake(): void {
    for (const end of this.#endPauses) end();
  }

  #put(conversationId: string, draft: UnsentText): void {
    this.#texts.set(conversationId, draft);
    keep(conversationId, draft);
    this.#changed();
  }

  #sayTyping(conversationId: string): void {
    if (Date.now() - this.#saidTypingAt < typingEveryMs) return;
    this.#saidTypingAt = Date.now();
    // Lost, it is said again with the next letters.
    this.#api.typing(conversationId).catch(() => undefined);
  }

  async #pause(askedMs: number | undefined, failures: number): Promise<void> {
    const backoffMs = Math.min(firstPauseMs * 2 ** failures, maxPauseMs) * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#endPauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(backoffMs, askedMs ?? 0));
      this.#endPauses.add(end);
    });
  }
}

export function isBusy({ state }: UnsentText): boolean {
  return state === "sending" || state === "trying";
}

function nameOf(conversationId: string): string {
  return `parley-console-draft-${conversationId}`;
}

function keep(conversationId: string, { text, mode, key }: UnsentText): void {
  try {
    if (text === "") sessionStorage.removeItem(nameOf(conversationId));
    else sessionStorage.setItem(nameOf(conversationId), JSON.stringify({ text, mode, key }));
  } catch {
    // Without room, a draft lives as long as its page.
  }
}

/** A text with a key was under way when the page went: it waits for a person to send it again. */
function restore(conversationId: string): UnsentText {
  const stored = sessionStorage.getItem(nameOf(conversationId));
  if (stored === null) return { text: "", mode: "reply", state: "writing" };
  const { text, mode, key } = JSON.parse(stored) as Pick<UnsentText, "text" | "mode" | "key">;
  if (key === undefined) return { text, mode, state: "writing" };
  return { text, mode, key, state: "refused", problem: new ServiceProblem("", { status: 0 }) };
}
