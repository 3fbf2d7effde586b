/** Passages that replies ask for, with those that may be gone. */
export const searchLimit = 11;

/** Messages to a process that holds an index, and its answers; see `MeasuredProcess.ask`. */
export interface IndexAnswers {
  load: { ms: number; /** Delay of the event loop meanwhile, p99. */ loopMs: number };
  search: Searched;
  /** A search after the index has followed all changes until now; its time has both. */
  follow: Searched & { loopMs: number };
}

interface Searched {
  /** Time of each question. */
  ms: number[];
  /** Id of the best passage of each question; 0 if there is none. */
  best: number[];
}

export interface IndexRequest {
  does: keyof IndexAnswers;
  questions: string[];
}

type Handlers = {
  [Name in keyof IndexAnswers]?: (questions: readonly string[]) => Promise<IndexAnswers[Name]>;
};

/** Answers the parent's requests, and ends with it. */
export function serveIndex(handlers: Handlers): void {
  process.on("message", (message: Partial<IndexRequest>) => {
    const handler = message.does && handlers[message.does];
    if (handler) void handler(message.questions ?? []).then((answer) => process.send?.(answer));
  });
  process.once("disconnect", () => process.exit());
  // The heap probe leaves the channel to those who need it.
  process.channel?.ref();
  process.send?.("ready");
}

/** Measures each search alone. @param search returns the id of the best passage */
export function searchAll(questions: readonly string[], search: (question: string) => number): Searched {
  const searched: Searched = { ms: [], best: [] };
  for (const question of questions) {
    const began = performance.now();
    searched.best.push(search(question));
    searched.ms.push(performance.now() - began);
  }
  return searched;
}
