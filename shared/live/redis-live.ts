import { once } from "node:events";
import { Redis, ReplyError, type RedisOptions, type Result } from "ioredis";
import { within } from "../lifecycle.ts";
import { changeMessage, decodeHint } from "./hints.ts";
import { draftTtlSeconds, liveTimeoutMs, maxHintBytes } from "./live.ts";
import type { Delta, DraftSlice, HintListener, Live } from "./live.ts";
import { Subscriptions, type Transport } from "./subscriptions.ts";

interface RedisLiveOptions {
  /** Hears the first error of each outage of a connection. */
  onError: (error: Error) => void;
  /** What the names of all keys and channels begin with. */
  prefix?: string;
  timeoutMs?: number;
}

/**
 * Drafts and hints on Redis: a draft is one string that expires, hints are pub/sub. Resolves within `timeoutMs`,
 * also when Redis is away; then every call rejects at once until it is back.
 */
export async function createRedisLive(
  url: string,
  { onError, prefix = "parley", timeoutMs = liveTimeoutMs }: RedisLiveOptions,
): Promise<Live> {
  const commands = connect(url, { commandTimeout: timeoutMs, scripts }, onError);
  const subscriber = connect(url, {}, onError);
  const live = new RedisLive(commands, subscriber, { onError, prefix, timeoutMs });
  await Promise.allSettled([commands, subscriber].map((redis) => within(timeoutMs, once(redis, "ready"))));
  return live;
}

/** A silent connection is noticed within this and `silenceMs`. */
const pingIntervalMs = 5000;
/** A connection that owes an answer for so long is dead, even where the network never said so. */
const silenceMs = 2000;

class RedisLive implements Live {
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  readonly #subscriptions: Subscriptions;
  readonly #pings: NodeJS.Timeout;
  readonly #prefix: string;

  constructor(commands: Redis, subscriber: Redis, { onError, prefix, timeoutMs }: Required<RedisLiveOptions>) {
    this.#commands = commands;
    this.#subscriber = subscriber;
    this.#prefix = prefix;
    const subscriptions = new Subscriptions(subscriberTransport(subscriber, onError), { timeoutMs, onError });
    subscriber.on("message", (channel, message) => subscriptions.deliver(channel, message));
    subscriber.on("ready", () => subscriptions.connected());
    subscriber.on("close", () => subscriptions.disconnected());
    this.#subscriptions = subscriptions;
    // The answer, or `socketTimeout`, tells whether the connection lives.
    this.#pings = setInterval(() => void subscriber.ping().catch(() => undefined), pingIntervalMs).unref();
  }

  async append({ jobId, attempt, offset, text }: Delta): Promise<boolean> {
    return (await this.#commands.appendDraft(this.#draftKey(jobId, attempt), offset, text)) === 1;
  }

  async rewrite({ jobId, attempt, text }: { jobId: string; attempt: number; text: string }): Promise<void> {
    await this.#commands.rewriteDraft(this.#draftKey(jobId, attempt), text);
  }

  async readDraft(jobId: string, attempt: number, from: number): Promise<DraftSlice | undefined> {
    const found = await this.#commands.readDraftBuffer(this.#draftKey(jobId, attempt), from);
    if (found === null) return undefined;
    const [length, bytes] = found;
    return { bytes, length };
  }

  async draftLengths(drafts: readonly { jobId: string; attempt: number }[]): Promise<number[]> {
    if (drafts.length === 0) return [];
    const pipeline = this.#commands.pipeline();
    for (const { jobId, attempt } of drafts) pipeline.strlen(this.#draftKey(jobId, attempt));
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, length]) => {
      if (error) throw error;
      return Number(length);
    });
  }

  async dropDraft(jobId: string, attempt: number): Promise<void> {
    const keys = Array.from({ length: attempt }, (_, earlier) => this.#draftKey(jobId, earlier + 1));
    if (keys.length > 0) await this.#commands.unlink(...keys);
  }

  async hintChange(jobId: string): Promise<void> {
    await this.#commands.publish(this.#jobChannel(jobId), changeMessage);
  }

  async hintCancel(jobId: string): Promise<void> {
    await this.#commands.publish(this.#cancelChannel(), jobId);
  }

  listen(jobId: string, listener: HintListener): Promise<() => void> {
    return this.#subscriptions.listen(this.#jobChannel(jobId), {
      hear: (message) => listener(decodeHint(message)),
      gap: () => listener({ type: "gap" }),
    });
  }

  listenForCancels(listener: (jobId: string) => void): Promise<() => void> {
    return this.#subscriptions.listen(this.#cancelChannel(), { hear: listener, gap: () => undefined });
  }

  async ping(): Promise<void> {
    await this.#commands.ping();
  }

  async close(): Promise<void> {
    clearInterval(this.#pings);
    await Promise.all([disconnect(this.#commands), disconnect(this.#subscriber)]);
  }

  /** The braces put all of a job on one node of a Redis Cluster. */
  #jobChannel(jobId: string): string {
    return `${this.#prefix}:live:{${jobId}}`;
  }

  /** The scripts find channel and attempt in it, so that a delta costs as few bytes as it can. */
  #draftKey(jobId: string, attempt: number): string {
    return `${this.#jobChannel(jobId)}:${attempt}`;
  }

  #cancelChannel(): string {
    return `${this.#prefix}:cancel`;
  }
}

function subscriberTransport(subscriber: Redis, onError: (error: Error) => void): Transport {
  return {
    async subscribe(channels) {
      try {
        await subscriber.subscribe(...channels);
      } catch (error) {
        // Redis refuses, say by its access rules; a lost connection reports itself.
        if (error instanceof ReplyError) onError(error as Error);
        throw error;
      }
    },
    unsubscribe(channel) {
      // It ends with the connection in any case.
      subscriber.unsubscribe(channel).catch(() => undefined);
    },
  };
}

const channelAndAttempt = "local channel, attempt = string.match(KEYS[1], '^(.*):(%d+)$')";

const scripts = {
  /** ARGV: offset, text. 1 when the draft was as long as the offset. */
  appendDraft: {
    numberOfKeys: 1,
    lua: `
      if redis.call('STRLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
      redis.call('APPEND', KEYS[1], ARGV[2])
      redis.call('EXPIRE', KEYS[1], ${draftTtlSeconds})
      ${channelAndAttempt}
      local hint = 'd' .. attempt .. ':' .. ARGV[1]
      if #ARGV[2] <= ${maxHintBytes} then hint = hint .. ':' .. ARGV[2] end
      redis.call('PUBLISH', channel, hint)
      return 1`,
  },
  /** ARGV: text. */
  rewriteDraft: {
    numberOfKeys: 1,
    lua: `
      redis.call('SET', KEYS[1], ARGV[1], 'EX', ${draftTtlSeconds})
      ${channelAndAttempt}
      redis.call('PUBLISH', channel, 'd' .. attempt .. ':0')`,
  },
  /** ARGV: from. Length and bytes of one moment. */
  readDraft: {
    numberOfKeys: 1,
    lua: `
      local length = redis.call('STRLEN', KEYS[1])
      if length == 0 then return nil end
      return { length, redis.call('GETRANGE', KEYS[1], ARGV[1], -1) }`,
  },
};

declare module "ioredis" {
  interface RedisCommander<Context> {
    appendDraft(key: string, offset: number, text: string): Result<0 | 1, Context>;
    rewriteDraft(key: string, text: string): Result<null, Context>;
    readDraftBuffer(key: string, from: number): Result<[length: number, bytes: Buffer] | null, Context>;
  }
}

/**
 * A connection that fails fast: nothing waits for Redis to come back, nothing is sent twice. Topics are not restored
 * by ioredis, which forgets those it was just asking for.
 */
function connect(
  url: string,
  options: Pick<RedisOptions, "commandTimeout" | "scripts">,
  onError: (error: Error) => void,
): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: silenceMs,
    socketTimeout: silenceMs,
    disconnectTimeout: liveTimeoutMs,
    retryStrategy: (attempts) => Math.min(attempts * 100, 1000),
    ...options,
  });
  let reported = false;
  redis.on("ready", () => (reported = false));
  redis.on("error", (error) => {
    if (!reported) onError(error);
    reported = true;
  });
  return redis;
}

async function disconnect(redis: Redis): Promise<void> {
  // Between two connections there is no socket that could end.
  const open = redis.status !== "end" && redis.status !== "reconnecting";
  const ended = open ? new Promise((resolve) => redis.once("end", resolve)) : undefined;
  redis.disconnect();
  await ended;
}
