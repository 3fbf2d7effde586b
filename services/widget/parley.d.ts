/**
 * Types of `<parley-chat>`, for pages in TypeScript: served as `/widget/parley.d.ts`, to be kept beside the page's own code.
 * The element's class is checked against them.
 */

/** What `document.querySelector("parley-chat")` gives, once the element is defined. */
export interface ParleyChatElement extends HTMLElement {
  /** Whether the panel is open, or about to be. */
  readonly isOpen: boolean;
  /** Opens the panel, with the keyboard in it. */
  open(): void;
  close(): void;
  /** Sends a message as if the visitor had typed it. Blank text is ignored. */
  send(text: string): void;
  /** Forgets the conversation in this browser; the next message begins a new one. */
  reset(): void;
}

/** The details of the events that the element sends; all of them bubble, and leave shadow trees. */
export interface ParleyEvents {
  "parley:open": Record<string, never>;
  "parley:close": Record<string, never>;
  /** The visitor, or the page for them, has sent something. */
  "parley:message": { text: string };
  /** A reply has ended. */
  "parley:reply": { id: string | undefined; text: string; status: "complete" | "stopped" };
  "parley:error": {
    /** Not loaded · opened from a file · message refused · no reply · service not reached · service busy. */
    reason: "load" | "file" | "refused" | "failed" | "unreachable" | "busy";
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
