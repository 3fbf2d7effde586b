import { once } from "node:events";
import { Cluster, type Result } from "ioredis";
import { within } from "../async/within.ts";
import { connectRedis, disconnectRedis, type RedisClient } from "../redis/connect-redis.ts";
import { failFast } from "../redis/fail-fast.ts";
import { probeRedisWrites } from "../redis/probe-writes.ts";
import { parseRedisUrl } from "../redis/redis-url.ts";
import { changeMessage, decodeHint, decodeTyping, encodeTyping } from "./hints.ts";
import { draftTtlSeconds, liveTimeoutMs, probeConnectionEveryMs, sealMs } from "../tunables.ts";
import { maxHintBytes } from "./live.ts";
import type { Delta, DraftSeals, DraftSlice, HintListener, Live, TypingHint } from "./live.ts";
import { listenToCluster, listenToServer, type RedisHints } from "./redis-hints.ts";

interface RedisLiveOptions {
  /** Receives the first error of each outage of a connection. */
  onError: (error: Error) => void;
  /** Drops what another store may still hold of drafts. */
  dropStale?: () => Promise<number>;
  /** Prefix of all keys and channels. */
  prefix?: string;
  timeoutMs?: number;
}

/**
 * Drafts and hints on Redis: a draft is one string that expires, hints are pub/sub, sharded on a Cluster. Resolves
 * within `timeoutMs`, even when Redis is down; then every call rejects at once until it is up again.
 */
export async function createRedisLive(
  url: string,
  { onError, dropStale = async () => 0, prefix = "parley", timeoutMs = liveTimeoutMs }: RedisLiveOptions,
): Promise<Live> {
  const commands = connectRedis(
    url,
    { ...failFast(liveTimeoutMs), commandTimeout: timeoutMs, scripts: draftScripts(url) },
    onError,
  );
  const options = { onError, dropStale, prefix, timeoutMs };
  const hints = commands instanceof Cluster ? listenToCluster(url, commands, options) : listenToServer(url, options);
  await Promise.allSettled([commands, ...hints.connections()].map((redis) => within(timeoutMs, once(redis, "ready"))));
  return new RedisLive(commands, hints, options);
}

class RedisLive implements Live {
  readonly seals: DraftSeals;
  readonly #commands: RedisClient;
  readonly #hints: RedisHints;
  readonly #pings: NodeJS.Timeout;
  readonly #dropStale: () => Promise<number>;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  /** True on a Cluster, where a hint is sent to the node that holds its job, not to all. */
  readonly #sharded: boolean;

  constructor(commands: RedisClient, hints: RedisHints, { dropStale, prefix, timeoutMs }: Required<RedisLiveOptions>) {
    this.#commands = commands;
    this.#hints = hints;
    this.#dropStale = dropStale;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
    this.#sharded = commands instanceof Cluster;
    this.seals = {
      seal: ({ jobId, attempt }, token) =>
        this.#limited(commands.sealDraft(this.#draftKey(jobId, attempt), token, sealMs)),
      unseal: async (jobId, token) => {
        await this.#limited(commands.srem(`${this.#jobChannel(jobId)}:sealed`, token));
      },
      keepSealed: async ({ jobId, attempt }) => {
        const keptMs = draftTtlSeconds * 1000;
        await this.#limited(commands.sealDraft(this.#draftKey(jobId, attempt), "taken", keptMs));
        await this.dropDraft(jobId, attempt);
      },
    };
    this.#pings = setInterval(() => hints.ping(), probeConnectionEveryMs).unref();
  }

  async append({ jobId, attempt, offset, text }: Delta): Promise<boolean> {
    return (await this.#limited(this.#commands.appendDraft(this.#draftKey(jobId, attempt), offset, text))) === 1;
  }

  async rewrite({ jobId, attempt, text }: { jobId: string; attempt: number; text: string }): Promise<void> {
    const written = await this.#limited(this.#commands.rewriteDraft(this.#draftKey(jobId, attempt), text));
    if (written === 0) throw new Error("the draft is sealed");
  }

  async readDraft(jobId: string, attempt: number, from: number): Promise<DraftSlice | undefined> {
    const found = await this.#limited(this.#commands.readDraftBuffer(this.#draftKey(jobId, attempt), from));
    if (found === null) return undefined;
    const [length, bytes] = found;
    return { bytes, length };
  }

  async draftLengths(drafts: readonly { jobId: string; attempt: number }[]): Promise<number[]> {
    if (drafts.length === 0) return [];
    const commands = this.#commands;
    // A pipeline serves one node only.
    if (commands instanceof Cluster) {
      const lengths = drafts.map(({ jobId, attempt }) => commands.strlen(this.#draftKey(jobId, attempt)));
      return this.#limited(Promise.all(lengths));
    }
    const pipeline = commands.pipeline();
    for (const { jobId, attempt } of drafts) pipeline.strlen(this.#draftKey(jobId, attempt));
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, length]) => {
      if (error) throw error;
      return Number(length);
    });
  }

  async dropDraft(jobId: string, attempt: number): Promise<void> {
    const keys = Array.from({ length: attempt }, (_, earlier) => this.#draftKey(jobId, earlier + 1));
    if (keys.length > 0) await this.#limited(this.#commands.unlink(...keys));
  }

  dropStale(): Promise<number> {
    return this.#dropStale();
  }

  async hintChange(jobId: string): Promise<void> {
    await this.#publish(this.#jobChannel(jobId), changeMessage);
  }

  async hintCancel(jobId: string): Promise<void> {
    await this.#publish(this.#cancelChannel(), jobId);
  }

  async hintTyping(typing: TypingHint): Promise<void> {
    await this.#publish(this.#typingChannel(), encodeTyping(typing));
  }

  listen(jobId: string, listener: HintListener): Promise<() => void> {
    return this.#hints.subscriptions.listen(this.#jobChannel(jobId), {
      hear: (message) => listener(decodeHint(message)),
      gap: () => listener({ type: "gap" }),
    });
  }

  listenForCancels(listener: (jobId: string) => void): Promise<() => void> {
    return this.#hints.subscriptions.listen(this.#cancelChannel(), { hear: listener, gap: () => undefined });
  }

  listenForTyping(listener: (typing: TypingHint) => void): Promise<() => void> {
    return this.#hints.subscriptions.listen(this.#typingChannel(), {
      hear: (message) => listener(decodeTyping(message)),
      gap: () => undefined,
    });
  }

  async ping(): Promise<void> {
    await this.#limited(probeRedisWrites(this.#commands, `${this.#prefix}:probe`));
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    await Promise.all([disconnectRedis(this.#commands), this.#hints.close()]);
  }

  async #publish(channel: string, message: string): Promise<void> {
    const commands = this.#commands;
    await this.#limited(this.#sharded ? commands.spublish(channel, message) : commands.publish(channel, message));
  }

  /** Limits a call's time: a Cluster's client tries node after node, each with a separate time limit. */
  #limited<T>(answer: Promise<T>): Promise<T> {
    return this.#sharded ? within(this.#timeoutMs, answer) : answer;
  }

  /** Channel of a job. The braces put all of a job on one node of a Redis Cluster. */
  #jobChannel(jobId: string): string {
    return `${this.#prefix}:live:{${jobId}}`;
  }

  /** Key of a draft. The scripts derive channel and attempt from it, so that a delta costs as few bytes as possible. */
  #draftKey(jobId: string, attempt: number): string {
    return `${this.#jobChannel(jobId)}:${attempt}`;
  }

  #typingChannel(): string {
    return `${this.#prefix}:typing`;
  }

  #cancelChannel(): string {
    return `${this.#prefix}:cancel`;
  }
}

const channelAndAttempt = "local channel, attempt = string.match(KEYS[1], '^(.*):(%d+)$')";
/** Ends a write of a sealed draft. A seal is a set of tokens beside the draft, on the same node of a Cluster. */
const refuseSealed = `${channelAndAttempt}
      if redis.call('EXISTS', channel .. ':sealed') == 1 then return 0 end`;

/**
 * Scripts of drafts. On a Cluster they must publish on the node that holds the draft; a single server may not support
 * that.
 */
function draftScripts(url: string) {
  const publish = parseRedisUrl(url).kind === "cluster" ? "SPUBLISH" : "PUBLISH";
  return {
    /** ARGV: offset, text. Returns 1 if the draft was as long as the offset. */
    appendDraft: {
      numberOfKeys: 1,
      lua: `
      if redis.call('STRLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
      ${refuseSealed}
      redis.call('APPEND', KEYS[1], ARGV[2])
      redis.call('EXPIRE', KEYS[1], ${draftTtlSeconds})
      local hint = 'd' .. attempt .. ':' .. ARGV[1]
      if #ARGV[2] <= ${maxHintBytes} then hint = hint .. ':' .. ARGV[2] end
      redis.call('${publish}', channel, hint)
      return 1`,
    },
    /** ARGV: text. Returns 0 if the draft is sealed. */
    rewriteDraft: {
      numberOfKeys: 1,
      lua: `
      ${refuseSealed}
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
    appendDraft(key: string, offset: number, text: string): Result<0 | 1, Context>;
    rewriteDraft(key: string, text: string): Result<0 | 1, Context>;
    sealDraft(key: string, token: string, forMs: number): Result<string, Context>;
    readDraftBuffer(key: string, from: number): Result<[length: number, bytes: Buffer] | null, Context>;
  }
}
