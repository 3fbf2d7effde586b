import type { Handling, Notice } from "../../../../shared/protocol/handling.ts";
import type { JobView } from "../../../../shared/protocol/job.ts";
import type { StreamWire } from "../../follow/sse.ts";

/** Values that a client needs to go on with a chat: kept by its transport, shown to nobody. */
export interface ParleyData {
  conversationId: string;
  /** Opens the conversation; later requests send it as `Authorization: Bearer`. */
  token: string;
  /** Place in the conversation, for `after` of the next stream. */
  cursor: string;
  /** Last job of the message; absent in a person's. */
  jobId?: string;
  /** The stored reply, once it has ended. */
  reply?: Omit<NonNullable<JobView["reply"]>, "text" | "sender">;
}

export type HandlingData = Handling & { notice?: Notice };

/** The chunks of the AI SDK's UI message stream v1 that this service sends. */
export type UiChunk =
  | { type: "start"; messageId: string }
  | { type: "start-step" | "reset-step" | "finish-step" }
  | { type: "text-start" | "text-end"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "source-url"; sourceId: string; url: string; title: string }
  | { type: "source-document"; sourceId: string; mediaType: string; title: string }
  | { type: "data-parley"; id: string; data: ParleyData }
  | { type: "data-handling"; id: string; data: HandlingData }
  | ToolChunk
  | { type: "error"; errorText: string }
  | { type: "finish"; finishReason: UiFinishReason };

export type ToolChunk =
  | {
      type: "tool-input-available";
      toolCallId: string;
      toolName: string;
      title: string;
      input: unknown;
      /** The client declares no such tool. */
      dynamic: true;
      /** The client must not run it. */
      providerExecuted: true;
    }
  | { type: "tool-approval-request"; approvalId: string; toolCallId: string; approvalDescriptor: unknown }
  | { type: "tool-approval-response"; approvalId: string; approved: boolean }
  | { type: "tool-output-available"; toolCallId: string; output: unknown }
  | { type: "tool-output-error"; toolCallId: string; errorText: string }
  | { type: "tool-output-denied"; toolCallId: string };

type UiFinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "error" | "interrupted" | "other";

/** End of a stream whose messages are all complete. */
export const streamEnd = { type: "[DONE]" } as const;
export type StreamEnd = typeof streamEnd;

/** Header that names the protocol and its version. */
export const streamHeader = ["x-vercel-ai-ui-message-stream", "v1"] as const;

/** The protocol on the wire: an event of the default type for each chunk. */
export const uiWire: StreamWire<UiChunk | StreamEnd> = {
  encode: (chunk) => `data: ${chunk.type === streamEnd.type ? chunk.type : JSON.stringify(chunk)}\n\n`,
  isEnd: ({ type }) => type === streamEnd.type,
  // A clean end in mid-text would be shown as a whole answer.
  breakOff: (res) => void res.destroy(),
};
