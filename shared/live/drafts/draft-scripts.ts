import type { Result } from "ioredis";
import { parseRedisUrl } from "../../redis/redis-url.ts";
import { draftTtlSeconds } from "../../tunables.ts";
import { maxHintBytes } from "../live.ts";

const channelAndAttempt = "local channel, attempt = string.match(KEYS[1], '^(.*):(%d+)$')";

/**
 * Scripts of drafts. A sealed draft takes no write; a seal is a set of tokens beside it, on the same node of a Cluster.
 * On a Cluster they must publish on the node that holds the draft; a single server may not support
 * that.
 */
export function draftScripts(url: string) {
  const publish = parseRedisUrl(url).kind === "cluster" ? "SPUBLISH" : "PUBLISH";
  return {
    /** KEYS: drafts. ARGV: offset and text of each. Returns 1 for each that was as long as its offset. */
    appendDrafts: {
      lua: `
      local grown = {}
      for place, key in ipairs(KEYS) do
        local offset, text = ARGV[2 * place - 1], ARGV[2 * place]
        local channel, attempt = string.match(key, '^(.*):(%d+)$')
        grown[place] = 0
        if redis.call('STRLEN', key) == tonumber(offset) and redis.call('EXISTS', channel .. ':sealed') == 0 then
          redis.call('APPEND', key, text)
          redis.call('EXPIRE', key, ${draftTtlSeconds})
          local hint = 'd' .. attempt .. ':' .. offset
          if #text <= ${maxHintBytes} then hint = hint .. ':' .. text end
          redis.call('${publish}', channel, hint)
          grown[place] = 1
        end
      end
      return grown`,
    },
    /** ARGV: text. Returns 0 if the draft is sealed. */
    rewriteDraft: {
      numberOfKeys: 1,
      lua: `
      ${channelAndAttempt}
      if redis.call('EXISTS', channel .. ':sealed') == 1 then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'EX', ${draftTtlSeconds})
      redis.call('${publish}', channel, 'd' .. attempt .. ':0')
      return 1`,
    },
    /** ARGV: token, milliseconds. A seal lasts as long as the latest of its tokens. */
    sealDraft: {
      numberOfKeys: 1,
      lua: `
      ${channelAndAttempt}
      local sealed = channel .. ':sealed'
      redis.call('SADD', sealed, ARGV[1])
      if redis.call('PTTL', sealed) < tonumber(ARGV[2]) then redis.call('PEXPIRE', sealed, ARGV[2]) end
      return redis.call('GET', KEYS[1]) or ''`,
    },
    /** ARGV: from. Returns length and bytes as one snapshot. */
    readDraft: {
      numberOfKeys: 1,
      lua: `
      local length = redis.call('STRLEN', KEYS[1])
      if length == 0 then return nil end
      return { length, redis.call('GETRANGE', KEYS[1], ARGV[1], -1) }`,
    },
  };
}

declare module "ioredis" {
  interface RedisCommander<Context> {
    appendDrafts(count: number, keys: string[], deltas: (number | string)[]): Result<(0 | 1)[], Context>;
    rewriteDraft(key: string, text: string): Result<0 | 1, Context>;
    sealDraft(key: string, token: string, forMs: number): Result<string, Context>;
    readDraftBuffer(key: string, from: number): Result<[length: number, bytes: Buffer] | null, Context>;
  }
}
