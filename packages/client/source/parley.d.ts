/**
 * Types of `<parley-chat>`, for pages in TypeScript: served as `/widget/parley.d.ts`, to be kept beside the page's own code.
 * The element's class is checked against them.
 */

/** Type of `document.querySelector("parley-chat")` once the element is defined. */
export interface ParleyChatElement extends HTMLElement {
  /** True if the panel is open or opening. */
  readonly isOpen: boolean;
  /** Opens the panel and moves the focus into it. */
  open(): void;
  close(): void;
  /** Sends a message as if the visitor had typed it. Blank text is ignored. */
  send(text: string): void;
  /** Puts a text into the message field, unless the visitor has written something. Does not open the chat. */
  prefill(text: string): void;
  /**
   * Kept with the conversation, sent with each message beside `page` and `locale`, which it may replace. At most 2 KB as
   * JSON in all.
   */
  metadata: Record<string, string> | undefined;
  /** Forgets the conversation in this browser; the next message begins a new one. */
  reset(): void;
}

/** Details of the events that the element dispatches. All of them bubble and cross shadow roots. */
export interface ParleyEvents {
  /** The element works: its methods may be called. Once. */
  "parley:ready": Record<string, never>;
  /** Another number of replies and messages of people is unread. */
  "parley:unread": { count: number };
  "parley:open": Record<string, never>;
  "parley:close": Record<string, never>;
  /** Message sent by the visitor, or by the page on their behalf. */
  "parley:message": { text: string };
  /** End of a reply. */
  "parley:reply": { id: string | undefined; text: string; status: "complete" | "stopped" };
  /** Message of a person of the site's team. */
  "parley:operator": { id: string; text: string; name: string | undefined };
  /** Another side answers now: the assistant, a person who is waited for, or the one with this name. */
  "parley:handling": { handledBy: "ai" | "waiting" | "operator"; name: string | undefined };
  "parley:error": {
    /** Not loaded · opened from a file · page of an origin that is not allowed · message refused · no reply · service not reached · service busy. */
    reason: "load" | "file" | "origin" | "refused" | "failed" | "unreachable" | "busy";
    message: string;
  };
}

type ParleyCustomEvents = { [Type in keyof ParleyEvents]: CustomEvent<ParleyEvents[Type]> };

declare global {
  interface HTMLElementTagNameMap {
    "parley-chat": ParleyChatElement;
  }
  interface HTMLElementEventMap extends ParleyCustomEvents {}
  interface DocumentEventMap extends ParleyCustomEvents {}
}
