import { claimsTakenBy } from "../../../shared/assistants/tools/identity-parameters.ts";
import { readConversation } from "../../../shared/db/conversations/conversations.ts";
import { olderVersionRuns } from "../../../shared/db/operators/process-reports.ts";
import type { ApiContext } from "../api-context.ts";
import { claimsOf, type Visitor } from "../access/identity.ts";

type SealContext = Pick<ApiContext, "assistants" | "claimsSeal" | "db">;

interface Request {
  jobId: string;
  visitor: Visitor | undefined;
  /** As the request says; absent: the conversation's. */
  assistantType: string | undefined;
  /** Absent: a new one. */
  conversationId: string | undefined;
}

/** The version whose processes remove the claims with the end of a job. */
const sinceVersion = 3;

/**
 * Seals what the tools of the answering assistant take of a visitor's identity.
 * @returns null where none takes any: nothing is read or kept for most messages
 */
export async function sealClaims(
  context: SealContext,
  { jobId, visitor, ...request }: Request,
): Promise<Buffer | null> {
  const { assistants, claimsSeal, db } = context;
  const takers = [...assistants].filter(([, { tools }]) => claimsTakenBy(tools).length > 0).map(([type]) => type);
  if (!visitor || takers.length === 0) return null;
  const { assistantType, conversationId } = request;
  const own = conversationId === undefined ? undefined : await readConversation(db.pool, conversationId);
  const type = assistantType ?? own?.assistantType ?? "default";
  if (!takers.includes(type) || (await olderVersionRuns(db.pool, sinceVersion))) return null;
  const given = claimsOf(visitor);
  const names = claimsTakenBy(assistants.get(type)?.tools);
  const values = names.flatMap((name): [string, string | number | boolean][] => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [[name, value]] : [];
  });
  return values.length === 0 ? null : claimsSeal.seal(jobId, Object.fromEntries(values));
}
