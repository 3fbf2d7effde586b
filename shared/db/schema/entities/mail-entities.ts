import { defineEntity, p } from "@mikro-orm/core";
import { defaultSite } from "../../../sites/default-site.ts";
import { OperatorLink } from "./account-entities.ts";
import { byHand, bytes, time } from "./entity-columns.ts";

/** Tables about mails. No address stands in them: it is read from its owner's row when a mail is sent. */

/** One mail for one cause. */
const Mail = defineEntity({
  name: "Mail",
  tableName: "mails",
  properties: {
    /** Also names its `Message-ID`, which stays the same however often it is sent. */
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    /**
     * `visitor-waits`: to an operator. `answer`: to a visitor who left an address. `invitation`: to somebody who gets an
     * account.
     */
    kind: p.text().$type<"visitor-waits" | "answer" | "invitation">(),
    /** Key of what happened: there is at most one mail about it. */
    cause: p.text().unique("mails_cause"),
    /** Null for an invitation, which has a link. */
    conversationId: p.uuid().nullable(),
    link: () => p.manyToOne(OperatorLink).deleteRule("cascade").updateRule("no action").nullable(),
    /** Stretch in which the visitor waits, and the operator who is told. */
    stretch: p.integer().nullable(),
    operatorId: p.uuid().nullable(),
    /** Message of an operator that the visitor is told of. */
    messageId: p.uuid().nullable(),
    /**
     * `due`: to be sent at `dueAt`. `unknown`: twice a server was handed it and did not say that it has it. `expired`: no
     * server took it in time. `needless`: its cause was gone before it was sent. `stopped`: the address wants no mails.
     * `limited`: the address had as many as it may have in a day.
     */
    state: p
      .text()
      .$type<"due" | "sent" | "refused" | "unknown" | "expired" | "needless" | "stopped" | "limited">()
      .default("due"),
    /** Claims so far. A sender that was overtaken by another one changes nothing: it names the number of its claim. */
    tries: p.integer().default(0),
    /** Times a server was handed the text without refusing it: each may have delivered it. */
    handed: p.integer().default(0),
    /** While it is being sent, the end of the sender's lease. */
    dueAt: time().defaultRaw("now()"),
    createdAt: time().defaultRaw("now()"),
    /** When it was counted for its address. */
    admittedAt: time().nullable(),
    endedAt: time().nullable(),
    /** Why no server has taken it, without the server's words; and when that was, unless it was taken since. */
    fault: p.text().nullable(),
    failedAt: time().nullable(),
  },
  indexes: [
    {
      name: "mails_due",
      expression: byHand(`create index "mails_due" on "mails" ("due_at") where ("state" = 'due'::text)`),
    },
    { name: "mails_of_conversation", properties: ["conversationId"] },
    {
      name: "mails_failed",
      expression: byHand(`create index "mails_failed" on "mails" ("failed_at") where ("failed_at" is not null)`),
    },
    {
      name: "mails_of_link",
      expression: byHand(`create index "mails_of_link" on "mails" ("link_id") where ("link_id" is not null)`),
    },
  ],
  checks: [
    {
      name: "mails_kind",
      expression: "kind in ('visitor-waits', 'answer') or kind = 'invitation' and link_id is not null",
    },
    {
      name: "mails_state",
      expression: "state in ('due', 'sent', 'refused', 'unknown', 'expired', 'needless', 'stopped', 'limited')",
    },
  ],
});

/** Count of an address's mails of a day, and whether it wants none. */
const MailAddress = defineEntity({
  name: "MailAddress",
  tableName: "mail_addresses",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    /** Keyed hash of the address. */
    addressHash: bytes().primary(),
    /** Start of the present day of the limit, and its mails. */
    windowBeganAt: time().defaultRaw("now()"),
    windowMails: p.integer().default(0),
    stoppedAt: time().nullable(),
  },
  indexes: [
    {
      name: "mail_addresses_window",
      expression: byHand(
        `create index "mail_addresses_window" on "mail_addresses" ("window_began_at") where ("stopped_at" is null)`,
      ),
    },
  ],
});

export const mailEntities = [Mail, MailAddress];
