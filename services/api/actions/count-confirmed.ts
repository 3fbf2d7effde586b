import type { ActionToAnswer } from "../../../shared/db/actions/answer.ts";
import { overQuota } from "../limits/over-quota.ts";
import type { RateLimits } from "../limits/rate-limits.ts";

/**
 * Counts a change that is about to be confirmed: a visitor who was talked into it a hundred times, or a model that proposes
 * the same to everybody, must not empty a shop.
 * @throws {Problem} 429 if its visitor, or all visitors of its assistant together, have confirmed as many as may be
 */
export async function countConfirmed(
  { visitorActions, assistantActions }: Pick<RateLimits, "visitorActions" | "assistantActions">,
  { visitorHash, conversationId, assistantType }: ActionToAnswer,
): Promise<void> {
  const counts = [
    { limit: visitorActions, key: visitorHash?.toString("hex") ?? conversationId, whose: "from you" },
    { limit: assistantActions, key: assistantType, whose: "at this assistant" },
  ];
  for (const { limit, key, whose } of counts) {
    const { over, resetSeconds } = await limit.count(key);
    if (over) throw overQuota(limit.quota, whose, resetSeconds);
  }
}
