import type { Pool } from "pg";
import { byIds } from "../batch-sql.ts";
import { batchedRead } from "../batched.ts";
import type { OperatorName } from "../conversations/conversations.ts";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";

/** Names and languages that events are told with. */

export const operatorsByIdStatement: Statement<OperatorName & { id: string }> = {
  name: "operators-by-id",
  text: `select id, name, avatar_url as "avatarUrl" from ${byIds("operators", "id, name, avatar_url", "$1")}`,
};

/** Reads an operator, also one who has left. Concurrent calls share a statement. */
export const readOperatorName = batchedRead((pool: Pool, ids) => query(pool, operatorsByIdStatement, [ids]));

export const localesStatement: Statement<{ id: string; locale: string | null }> = {
  name: "conversation-locales",
  text: `select id, metadata ->> 'locale' as locale from ${byIds("conversations", "id, metadata", "$1")}`,
};

/** Reads the language of a conversation's page. Concurrent calls share a statement. */
export const readLocale = batchedRead((pool: Pool, ids) => query(pool, localesStatement, [ids]));
