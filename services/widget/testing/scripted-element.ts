import type { Chat } from "../chat/chat-state.ts";
import { interceptEvents } from "../element/event-border.ts";
import { ParleyChat } from "../element/parley-chat.ts";
import { ScriptedChat } from "./scripted-chat.ts";

/** Element with a chat that tests script: `scripted` on the page's window. */
class ScriptedParleyChat extends ParleyChat {
  protected override createChat(): Promise<Chat> {
    return Promise.resolve(scripted);
  }
}

const scripted = new ScriptedChat();
Object.assign(window, { scripted });
interceptEvents();
customElements.define("parley-chat", ScriptedParleyChat);
