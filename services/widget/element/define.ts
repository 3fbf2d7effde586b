import { ParleyChat } from "./parley-chat.ts";

/**
 * Defines `<parley-chat>`; a second call does nothing.
 * @param home the default server
 */
export function defineParleyChat(home: string): void {
  ParleyChat.home = home;
  if (customElements.get("parley-chat") === undefined) customElements.define("parley-chat", ParleyChat);
}
