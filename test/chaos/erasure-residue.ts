import { withRedisClient } from "./stores/redis-client.ts";
import type { ChaosTestbed } from "./testbed.ts";

/** Data left of a deleted conversation. */
export interface ErasureResidue {
  conversationId: string;
  what: string;
}

/** Searches all stores of text, without gates. */
export async function findErasureResidue({
  pool,
  redis,
  replicated,
}: Pick<ChaosTestbed, "pool" | "redis" | "replicated">): Promise<ErasureResidue[]> {
  const { rows } = await pool.query<ErasureResidue>(`
    select id as "conversationId", what from conversations, lateral (
      select 'a message' as what from messages where conversation_id = conversations.id
      union all select 'a draft' from drafts join jobs on jobs.id = drafts.job_id where jobs.conversation_id = conversations.id
      union all select 'an open job' from jobs where conversation_id = conversations.id and status in ('queued', 'active')
      union all select 'its metadata' where metadata <> '{}'
      union all select 'work' where erased_at is null
    ) remains where deleted_at is not null`);
  const servers = redis ? [redis] : await replicated?.masters();
  if (servers === undefined) return rows;
  const { rows: jobs } = await pool.query<{ id: string; conversationId: string }>(
    `select jobs.id, conversation_id as "conversationId" from jobs join conversations on conversations.id = conversation_id
     where deleted_at is not null`,
  );
  const keys = (
    await Promise.all(servers.map(({ url }) => withRedisClient(url, (client) => client.keys("parley:live:*"))))
  ).flat();
  const drafts = jobs.filter(({ id }) => keys.some((key) => key.includes(id)));
  return [...rows, ...drafts.map(({ conversationId }) => ({ conversationId, what: "a draft" }))];
}
