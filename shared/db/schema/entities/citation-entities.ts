import { defineEntity, p } from "@mikro-orm/core";
import { defaultSite } from "../../../sites/default-site.ts";
import { Message } from "./conversation-entities.ts";
import { bytes, time } from "./entity-columns.ts";
import { JobEntity } from "./job-entities.ts";
import { SourceEntity } from "./knowledge-entities.ts";

/** Tables about what replies were made from. See `entities.ts`. */

/** A passage that the provider was shown for an attempt. */
const ReplyPassage = defineEntity({
  name: "ReplyPassage",
  tableName: "reply_passages",
  properties: {
    job: () => p.manyToOne(JobEntity).primary().deleteRule("cascade").updateRule("no action"),
    attempt: p.integer().primary(),
    /** Number in the prompt, from 1. */
    no: p.integer().primary(),
    siteId: p.text().default(defaultSite),
    /** No foreign key, as for the next two: a passage comes and goes with each change of its page. */
    passageId: p.bigint("string"),
    documentId: p.uuid(),
    sourceId: p.uuid(),
  },
});

/** A citation in the text of an attempt while it is written. Unlogged: nothing depends on it. */
const DraftSource = defineEntity({
  name: "DraftSource",
  tableName: "draft_sources",
  properties: {
    job: () => p.manyToOne(JobEntity).primary().deleteRule("cascade").updateRule("no action"),
    attempt: p.integer().primary(),
    /** Place in the text, from 0. */
    no: p.integer().primary(),
    /** Number that visitors see. */
    n: p.integer(),
    siteId: p.text().default(defaultSite),
    source: () => p.manyToOne(SourceEntity).deleteRule("cascade").updateRule("no action"),
    passageId: p.bigint("string"),
    title: p.text(),
    url: p.text(),
    quote: p.text(),
    /** UTF-8 byte offsets into the text. */
    begins: p.integer(),
    ends: p.integer(),
  },
});

/** A citation in a stored reply. */
const ReplySource = defineEntity({
  name: "ReplySource",
  tableName: "reply_sources",
  properties: {
    message: () => p.manyToOne(Message).primary().deleteRule("cascade").updateRule("no action"),
    no: p.integer().primary(),
    n: p.integer(),
    siteId: p.text().default(defaultSite),
    /** Null once the source was deleted: a trigger empties title, address and quote then. */
    source: () =>
      p
        .manyToOne(SourceEntity)
        .nullable()
        .deleteRule("set null")
        .updateRule("no action")
        .index("reply_sources_of_source"),
    passageId: p.bigint("string"),
    title: p.text(),
    url: p.text(),
    quote: p.text(),
    begins: p.integer(),
    ends: p.integer(),
  },
  triggers: [
    {
      // Named as the migration names it; MikroORM finds the function by the table and this name.
      name: "forgets_deleted",
      timing: "before",
      events: ["update"],
      body: `
        if new.source_id is null then
          new.title := ''; new.url := ''; new.quote := '';
        end if;
        return new;`,
    },
  ],
});

/** A visitor's question that the site's knowledge does not answer. */
const UnansweredQuestion = defineEntity({
  name: "UnansweredQuestion",
  tableName: "unanswered_questions",
  properties: {
    message: () => p.manyToOne(Message).primary().deleteRule("cascade").updateRule("no action"),
    conversationId: p.uuid(),
    siteId: p.text().default(defaultSite),
    /** Hash of the question's words: equal for questions that differ in order and case alone. */
    words: bytes(),
    at: time().defaultRaw("now()"),
  },
  indexes: [{ name: "unanswered_questions_by_words", properties: ["siteId", "words"] }],
});

export const citationEntities = [ReplyPassage, DraftSource, ReplySource, UnansweredQuestion];
