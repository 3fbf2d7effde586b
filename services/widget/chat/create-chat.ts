import { type ClientOptions, createClient } from "../../../packages/client/source/client.ts";
import { browserEnvironment } from "./browser-environment.ts";
import type { Chat } from "./chat-state.ts";
import { openChat } from "./open-chat.ts";
import type { ChatOptions } from "./chat-store.ts";

/** Creates a conversation of this browser with one assistant of one service. Inactive before `start`. */
export function createChat({
  assistant,
  metadata,
  consent,
  ...service
}: ClientOptions & Pick<ChatOptions, "assistant" | "metadata" | "consent">): Chat {
  return openChat({ client: createClient(service), environment: browserEnvironment(), assistant, metadata, consent });
}
