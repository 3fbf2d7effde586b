import { ParleyChat } from "./parley-chat.ts";

/** Makes `<parley-chat>` known to the page; a second time does nothing. @param home the server it talks to by default */
export function defineParleyChat(home: string): void {
  ParleyChat.home = home;
  if (customElements.get("parley-chat") === undefined) customElements.define("parley-chat", ParleyChat);
}
