import { once } from "node:events";
import { Cluster } from "ioredis";
import { Batcher } from "../async/batch/batcher.ts";
import { within } from "../async/within.ts";
import { connectRedis, disconnectRedis, type RedisClient } from "../redis/connect-redis.ts";
import { failFast } from "../redis/fail-fast.ts";
import { probeRedisWrites } from "../redis/probe-writes.ts";
import { changeMessage, decodeHint, decodeTyping, encodeTyping } from "./hints.ts";
import { draftTtlSeconds, liveTimeoutMs, probeConnectionEveryMs, sealMs } from "../tunables.ts";
import { draftScripts } from "./drafts/draft-scripts.ts";
import { largestBatchedText } from "./live.ts";
import type { BatchWork } from "../async/batch/batch-work.ts";
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
  /** Joins the appends of all drafts of a moment into one call. Absent on a Cluster, where each may be on another node. */
  readonly #appends: Batcher<Delta, boolean> | undefined;
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
    if (!this.#sharded) this.#appends = new Batcher(this.#appendWork(), ({ jobId }) => jobId);
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

  append(delta: Delta): Promise<boolean> {
    if (this.#appends && delta.text.length <= largestBatchedText) return this.#appends.do(delta);
    return this.#appendOne(delta);
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

  #appendWork(): BatchWork<Delta, boolean> {
    return {
      runBatch: async (deltas) => {
        const keys = deltas.map(({ jobId, attempt }) => this.#draftKey(jobId, attempt));
        const grown = await this.#commands.appendDrafts(
          keys.length,
          keys,
          deltas.flatMap(({ offset, text }) => [offset, text]),
        );
        return grown.map((matched) => ({ result: matched === 1 }));
      },
      runOne: (delta) => this.#appendOne(delta),
      // No second try: it is unknown which of them the server took.
      isOutage: () => true,
    };
  }

  async #appendOne({ jobId, attempt, offset, text }: Delta): Promise<boolean> {
    const key = this.#draftKey(jobId, attempt);
    const [grown] = await this.#limited(this.#commands.appendDrafts(1, [key], [offset, text]));
    return grown === 1;
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
