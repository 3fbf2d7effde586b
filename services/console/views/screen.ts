import type { InboxView } from "../../../shared/protocol/operator.ts";
import type { ConsoleModel } from "../model/console-model.ts";
import type { Asked } from "../model/found.ts";
import type { BoxMode } from "../model/reply-box.ts";

export type Dialog = "keys" | "assign" | "canned" | "close" | "block";

/** Deeds for which the page has a button or a key. */
export interface Deeds {
  readonly open: (conversationId: string | undefined) => void;
  readonly step: (by: 1 | -1) => void;
  readonly show: (view: InboxView) => void;
  readonly search: (asked: Asked) => void;
  readonly goToSearch: () => void;
  readonly write: (mode: BoxMode) => void;
  readonly take: () => void;
  readonly release: (to: "ai" | "queue") => void;
  readonly assign: (operatorId: string) => void;
  readonly close: () => void;
  readonly setBlocked: (blocked: boolean) => void;
  readonly send: () => void;
  readonly suggest: () => void;
  readonly ask: (dialog: Dialog | undefined) => void;
  readonly toggleDetails: () => void;
  readonly turnAlerts: () => void;
  readonly useKeys: (on: boolean) => void;
  readonly copyCode: (code: string, button: HTMLElement) => void;
}

/** Everything that the templates show. */
export interface Screen {
  readonly model: ConsoleModel;
  readonly deeds: Deeds;
  readonly details: boolean;
  readonly keys: boolean;
  /** True where sounds and notifications are given. */
  readonly alerts: boolean;
  readonly now: number;
}
