import { defineEntity, p } from "@mikro-orm/core";
import type { ActionState } from "../../../protocol/actions/action-card.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { byHand, bytes, time } from "./entity-columns.ts";

/**
 * An action: a call of a tool of the site that changes something. Its id is the idempotency key of every request for it.
 * One that was sent outlives its conversation, without arguments, words and result.
 */
const Action = defineEntity({
  name: "Action",
  tableName: "actions",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    conversationId: p.uuid(),
    /** Job that proposed it, and its place among the proposals of that job. */
    jobId: p.uuid(),
    no: p.integer(),
    tool: p.text(),
    /** Hash of the tool as it was declared then. */
    version: p.text(),
    /** Hash of tool, version and arguments: what the visitor confirms. */
    hash: bytes(),
    /** Null once the conversation was deleted, like the next two and the result. */
    arguments: p.json<Record<string, unknown>>().nullable(),
    title: p.text().nullable(),
    lines: p.json<{ label: string; value: string }[]>().nullable(),
    /** The site's words of the buttons; null: the client's own. */
    confirmLabel: p.text().nullable(),
    refuseLabel: p.text().nullable(),
    state: p.text().$type<ActionState>().default("waiting"),
    /** Words of the outcome, for model and visitor. */
    result: p.text().nullable(),
    /** Job of the visitor's answer. */
    answerId: p.uuid().nullable(),
    proposedAt: time().defaultRaw("now()"),
    expiresAt: time(),
    answeredAt: time().nullable(),
    sentAt: time().nullable(),
    /** Names the run that sends it: nobody else may send what it has noted. */
    sentBy: p.uuid().nullable(),
    endedAt: time().nullable(),
  },
  indexes: [
    { name: "actions_of_conversation", properties: ["conversationId", "proposedAt"] },
    {
      name: "actions_waiting",
      expression: byHand(
        `create index "actions_waiting" on "actions" ("expires_at") where ("state" = 'waiting'::text)`,
      ),
    },
    {
      name: "actions_sent",
      expression: byHand(`create index "actions_sent" on "actions" ("sent_at") where ("state" = 'sent'::text)`),
    },
  ],
  uniques: [{ name: "actions_of_job", properties: ["jobId", "no"] }],
  checks: [
    {
      name: "actions_state",
      expression:
        "state in ('waiting', 'confirmed', 'refused', 'expired', 'replaced', 'withdrawn', 'sent', 'done', 'failed', 'unknown')",
    },
  ],
});

export const actionEntities = [Action];
