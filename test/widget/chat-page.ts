import type { Chat, ChatState } from "../../services/widget/chat/chat-state.ts";
import { openChat } from "../../services/widget/chat/open-chat.ts";
import { createClient } from "../../packages/client/source/client.ts";
import type { FakeBrowser, FakeTab } from "./fake-browser.ts";

interface PageOptions {
  assistant?: string;
  identity?: string;
  consent?: boolean | undefined;
  tab?: FakeTab;
  /** True: the visitor sees the chat. */
  shown?: boolean;
  fetch?: typeof globalThis.fetch;
}

/** Timeout of every expected state of a chat. */
const patienceMs = 12_000;

/** A page with a started chat. */
export class ChatPage implements Disposable {
  readonly chat: Chat;
  readonly tab: FakeTab;
  /** All states passed to subscribers. */
  readonly states: ChatState[] = [];

  constructor(
    browser: FakeBrowser,
    server: string,
    { assistant, identity, consent, fetch, shown = false, tab = browser.openTab() }: PageOptions = {},
  ) {
    this.tab = tab;
    const client = createClient({ server, identity, fetch });
    this.chat = openChat({ client, environment: tab, assistant, consent });
    this.chat.subscribe((state) => this.states.push(state));
    this.chat.setShown(shown);
    this.chat.start();
  }

  /** Messages as lines with sender, text and any unusual phase: `"> Hello"`, `"< Hi"`, `"> And? (waiting)"`. */
  get lines(): string[] {
    return this.chat.state.messages.map((message) => {
      if (message.sender === "operator") return `${message.operator?.name}: ${message.text}`;
      const usual = message.sender === "user" ? "sent" : "complete";
      const now = message.sender === "user" ? message.delivery : message.phase;
      return `${message.sender === "user" ? ">" : "<"} ${message.text}${now === usual ? "" : ` (${now})`}`;
    });
  }

  /** @throws after a timeout, with the actual state */
  async until(what: string, holds: (state: ChatState) => boolean, limitMs = patienceMs): Promise<ChatState> {
    const { chat } = this;
    if (holds(chat.state)) return chat.state;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, limitMs, false);
    const stop = chat.subscribe((state) => {
      if (holds(state)) resolve(true);
    });
    const held = await promise;
    stop();
    clearTimeout(timer);
    if (held) return chat.state;
    const { messages: _, ...rest } = chat.state;
    throw new Error(`${what}: not within ${limitMs} ms, but\n${this.lines.join("\n")}\n${JSON.stringify(rest)}`);
  }

  untilLines(...lines: string[]): Promise<ChatState> {
    const wanted = JSON.stringify(lines);
    return this.until(`the chat is\n${lines.join("\n")}`, () => JSON.stringify(this.lines) === wanted);
  }

  untilNotice(kind: string | undefined): Promise<ChatState> {
    return this.until(`the notice is ${kind}`, ({ notice }) => notice?.kind === kind);
  }

  /** Lists every text that the reply to a message was seen with, in order, without repeats. */
  textsOf(message: string): string[] {
    const texts = this.states.flatMap(({ messages }) => {
      const reply = messages[messages.findIndex(({ text }) => text === message) + 1];
      return reply?.sender === "ai" ? [reply.text] : [];
    });
    return texts.filter((text, index) => text !== texts[index - 1]);
  }

  /** Lists the texts of that reply which it did not go on from. Which of its texts are shown depends on the machine. */
  takenBack(message: string): string[] {
    const texts = this.textsOf(message);
    return texts.filter((text, index) => !(texts[index + 1] ?? text).startsWith(text));
  }

  [Symbol.dispose](): void {
    this.chat.close();
  }
}
