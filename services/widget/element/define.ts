import { interceptEvents } from "./event-border.ts";
import { ParleyChat } from "./parley-chat.ts";

/**
 * Defines `<parley-chat>`; a second call does nothing.
 * @param defaultServer for elements without a `server`
 */
export function defineElement(defaultServer: string): void {
  ParleyChat.defaultServer = defaultServer;
  interceptEvents();
  if (customElements.get("parley-chat") === undefined) customElements.define("parley-chat", ParleyChat);
}
