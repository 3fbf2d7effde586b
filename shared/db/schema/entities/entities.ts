import { accountEntities } from "./account-entities.ts";
import { actionEntities } from "./action-entities.ts";
import { bookkeeping } from "./bookkeeping-entities.ts";
import { citationEntities } from "./citation-entities.ts";
import { Conversation, Feedback, Message } from "./conversation-entities.ts";
import { eventEntities } from "./event-entities.ts";
import { DraftEntity, JobEntity } from "./job-entities.ts";
import { knowledge } from "./knowledge-entities.ts";
import { mailEntities } from "./mail-entities.ts";
import { mcpEntities } from "./mcp-entities.ts";
import { vectorEntities } from "./vector-entities.ts";
import { voices } from "./voice-entities.ts";

/** The schema in code. `npm run check:drift` compares it with the migrations. */
export const entities = [
  Conversation,
  Message,
  Feedback,
  JobEntity,
  DraftEntity,
  ...eventEntities,
  ...voices,
  ...accountEntities,
  ...mailEntities,
  ...knowledge,
  ...vectorEntities,
  ...citationEntities,
  ...actionEntities,
  ...mcpEntities,
  ...bookkeeping,
];
