import { randomUUID } from "node:crypto";
import { Chat } from "@ai-sdk/react";
import { lastAssistantMessageIsCompleteWithApprovalResponses, type UIMessage } from "ai";
import { ParleyTransport } from "../../../packages/react/source/parley-transport.ts";
import type { Product } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

/** A browser's page with the AI SDK's own chat in it. */
export interface OpenedPage {
  chat: Chat<UIMessage>;
  transport: ParleyTransport;
}

/** The storage of one browser, and the pages that are opened in it. */
export class UiClient {
  readonly chatId = `chat ${randomUUID()}`;
  readonly #product: Product;
  readonly #headers: () => Record<string, string>;
  readonly #stored = new Map<string, string>();

  constructor(product: Product, headers: () => Record<string, string> = () => ({})) {
    this.#product = product;
    this.#headers = headers;
  }

  /** Token of the conversation, as the transport keeps it. */
  get kept(): { conversationId: string; token: string; cursor: string } {
    return JSON.parse(this.#stored.get(`parley:${this.chatId}`) ?? "{}") as ReturnType<() => UiClient["kept"]>;
  }

  /**
   * Loads a page, whose requests go to an API process.
   * @param options `messages`: those that it has already; absent: it reads them
   */
  async open({
    api = 0,
    url = this.#product.apis[api]?.url ?? "",
    messages,
  }: { api?: number; url?: string; messages?: UIMessage[] } = {}): Promise<OpenedPage> {
    const transport = new ParleyTransport({
      url,
      chatId: this.chatId,
      headers: this.#headers,
      storage: {
        getItem: (key) => this.#stored.get(key) ?? null,
        setItem: (key, value) => void this.#stored.set(key, value),
      },
    });
    const chat = new Chat<UIMessage>({
      id: this.chatId,
      messages: messages ?? (await transport.loadMessages()),
      generateId: randomUUID,
      transport,
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    });
    return { chat, transport };
  }
}

/** Text that a message shows. */
export function shownText(message: UIMessage | undefined): string {
  return (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Waits until the newest message shows a text. */
export function untilText({ chat }: OpenedPage, text: string): Promise<unknown> {
  return eventually(`the text "${text}"`, () => shownText(chat.lastMessage).includes(text), 45_000);
}
