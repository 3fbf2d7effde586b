import type {
  ConnectionOptions,
  IQueueBackend,
  JobProgress,
  PostgresConnectionOptions,
  PostgresQueueBackend,
  Processor,
  Queue,
  RedisQueueBackend,
  Worker,
  WorkerOptions,
} from "bullmq";

/** Data of a queue entry: nothing beside its id, which is the job's. */
type Empty = Record<string, never>;
type QueueOn<Backend extends IQueueBackend, Connection> = Queue<
  Empty,
  void,
  "answer",
  Empty,
  void,
  "answer",
  Backend,
  Connection
>;

export type RedisQueue = QueueOn<RedisQueueBackend, ConnectionOptions>;
export type PostgresQueue = QueueOn<PostgresQueueBackend, PostgresConnectionOptions>;
export type BullQueue = RedisQueue | PostgresQueue;

export type RedisWorker = Worker<Empty, void, "answer">;
export type PostgresWorker = Worker<
  Empty,
  void,
  "answer",
  PostgresQueueBackend,
  JobProgress,
  PostgresConnectionOptions
>;
export type BullWorker = RedisWorker | PostgresWorker;
export type BullProcessor = Processor<Empty, void, "answer">;
export type BullWorkerOptions = Omit<WorkerOptions, "connection" | "prefix">;

/** Store of BullMQ's queue: Redis, or PostgreSQL where there is none. One per process. */
export interface QueueBackend {
  /** Number of entries from which adding them in bulk costs less than one by one. */
  readonly bulkFrom: number;
  /** Opens the sending side: its calls fail fast, for callers that must answer a request. */
  openQueue(): Promise<BullQueue>;
  /** Opens the receiving side: it waits for its store, having nothing else to do. */
  openWorker(processor: BullProcessor, options: BullWorkerOptions): Promise<BullWorker>;
  /** Rejects when the store refuses the writes of a queue. */
  probe(): Promise<void>;
  /** Ends the connections; close queues and workers before. */
  close(): Promise<void>;
}
