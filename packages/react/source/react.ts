"use client";

import { createClient, type ServiceError } from "@parley/client";
import type { ParleyChatElement } from "@parley/client/element";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { ParleyChat, type ParleyChatProps } from "./chat-element.ts";
import type { ParleyState, ShownMessage } from "./conversation-state.ts";
import { ConversationStore } from "./conversation-store.ts";

export { ParleyChat };
export type { ParleyState, ParleyChatElement, ParleyChatProps, ServiceError, ShownMessage };

export interface UseParleyOptions {
  /** Origin of the service: `https://chat.example.com`. */
  server: string;
  /** Key of `config/assistants.json`; by default `default`. */
  assistant?: string | undefined;
  /** Statement about the visitor, signed by your server, or a function that returns the current one. */
  identity?: string | (() => string | undefined) | undefined;
  /** Kept with the conversation; sent with each message. */
  metadata?: Record<string, string> | undefined;
  /** `false`: the conversation ends with the page. By default `localStorage` holds its id and token. */
  persist?: boolean | undefined;
}

/** A conversation and all that a visitor can do with it. */
export interface ParleyConversation extends ParleyState {
  /** Sends a message, after those before it. Blank text is ignored. It is retried until it is accepted or refused. */
  readonly send: (text: string) => void;
  /** Stops the replies that are awaited or written. */
  readonly stop: () => Promise<void>;
  /** Forgets the conversation in this browser; the next message begins a new one. */
  readonly reset: () => void;
  /** Asks for a person; `null`: for the assistant again, while one is waited for. */
  readonly handOff: ConversationStore["handOff"];
  /** Says yes or no to an action. The assistant's words about it follow as a reply. */
  readonly answerAction: (id: string, confirm: boolean) => Promise<void>;
  /** Requests beyond these, such as feedback. */
  readonly client: ConversationStore["client"];
}

/** Opens a conversation for an interface of your own. It is read and followed while the component is mounted. */
export function useParley({
  server,
  assistant,
  identity,
  metadata,
  persist = true,
}: UseParleyOptions): ParleyConversation {
  const latest = useRef({ identity, metadata });
  useEffect(() => {
    latest.current = { identity, metadata };
  });
  const visitor = useMemo(() => createClient({ server, identity }).visitor, [server, identity]);
  const store = useMemo(
    () =>
      new ConversationStore({
        server,
        assistant,
        visitor,
        identity: () => readIdentity(latest.current),
        metadata: () => latest.current.metadata,
        storage: () => (persist ? globalThis.localStorage : undefined),
      }),
    [server, assistant, visitor, persist],
  );
  useEffect(() => {
    store.start();
    return () => store.stop();
  }, [store]);
  const state = useSyncExternalStore(store.subscribe, store.read, store.read);
  const { send, stopReply, reset, handOff, answerAction, client } = store;
  return { ...state, send, stop: stopReply, reset, handOff, answerAction, client };
}

function readIdentity({ identity }: Pick<UseParleyOptions, "identity">): string | undefined {
  return typeof identity === "function" ? identity() : identity;
}
