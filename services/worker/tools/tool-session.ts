import type { ProposedAction } from "../../../shared/db/actions/proposals.ts";
import type { HandoffReason } from "../../../shared/protocol/handling.ts";
import type { KeptThoughts, Tool, ToolCall, ToolResult, ToolTurn } from "../providers/tools/tool.ts";

/** A tool that a run can carry out. */
export interface RunTool extends Tool {
  /** True if a reply that has words needs no further word of the model after it. */
  endsReply?: boolean;
  /** True if its results are texts from elsewhere, which may try to give orders. */
  retrieves?: boolean;
  /** True if it changes something, and cannot ask. It is for prompts without a text from elsewhere. */
  unasked?: boolean;
  /** @returns what the model is told */
  run(call: ToolCall, session: ToolSession, signal: AbortSignal): Promise<ToolResult> | ToolResult;
}

/** Calls of a provider for one reply: the last one must answer without a tool. */
const maxCalls = 8;
/** Calls that could not be understood before the model has to answer without tools. */
const maxMistakes = 1;

interface Answered {
  /** Text before the calls. */
  text: string;
  calls: readonly ToolCall[];
  keep?: KeptThoughts | undefined;
  /** Ends the tools that are running. */
  signal: AbortSignal;
}

/** Record of what the tools of one run have done. It outlasts a call that fails: another provider goes on from there. */
export class ToolSession {
  readonly #tools: ReadonlyMap<string, RunTool>;
  #turns: ToolTurn[] = [];
  #calls = 0;
  #mistakes = 0;
  /** True once the prompt holds a text from elsewhere: passages, or the result of a tool. */
  #holdsRetrieved = false;
  #provider: string | undefined;
  /** Actions that the visitor is asked about with the reply, by the name of their tool: the latest counts. */
  readonly proposals = new Map<string, ProposedAction>();
  /** Set once the model has handed the conversation to a person. */
  handoff: HandoffReason | undefined;

  constructor(tools: readonly RunTool[]) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  /**
   * Tools and turns of the next call.
   * @param passages those in the prompt
   */
  nextFor(
    provider: string,
    passages: readonly unknown[] = [],
  ): { tools?: readonly Tool[]; turns?: readonly ToolTurn[]; mayCall?: false } {
    if (passages.length > 0) this.#holdsRetrieved = true;
    const offered = this.#offered;
    if (offered.length === 0) return {};
    // Signatures of one server say nothing to another.
    if (this.#provider !== provider) this.#turns = this.#turns.map(({ keep: _keep, ...turn }) => turn);
    this.#provider = provider;
    this.#calls += 1;
    const mayCall = this.#calls < maxCalls && this.#mistakes <= maxMistakes;
    // A request with calls must say what was called.
    if (!mayCall && this.#turns.length === 0) return {};
    const tools = offered.map(({ name, description, parameters }) => ({ name, description, parameters }));
    return { tools, ...(this.#turns.length > 0 && { turns: this.#turns }), ...(!mayCall && { mayCall }) };
  }

  /**
   * Begins with what was done before the first call. The answer of an endpoint is a text from elsewhere.
   * @returns false if its tools are not among these: no provider can be told of it then
   */
  recall(turn: ToolTurn): boolean {
    this.noteRetrieved();
    if (!turn.calls.every(({ name }) => this.#tools.has(name))) return false;
    this.#turns = [...this.#turns, turn];
    return true;
  }

  /** True if the prompt holds a text from elsewhere, which may try to give orders: nothing is changed unasked from then on. */
  get holdsRetrieved(): boolean {
    return this.#holdsRetrieved;
  }

  noteRetrieved(): void {
    this.#holdsRetrieved = true;
  }

  /** Records that the tools came out wrong, so that no words of a reply came of it. */
  wentWrong(): void {
    this.#mistakes = maxMistakes + 1;
  }

  /**
   * Carries out the calls of an answer. If it is given up in the middle, the next provider goes on with what was done.
   * @returns true if the reply is whole without another call
   */
  async carryOut({ text, calls, keep, signal }: Answered, hasWords: boolean): Promise<boolean> {
    const results: ToolResult[] = [];
    try {
      for (const call of calls) {
        results.push(await this.#run(call, signal));
        signal.throwIfAborted();
      }
    } finally {
      this.#note({ text, calls, results, keep });
    }
    if (results.some(({ isError }) => isError)) this.#mistakes += 1;
    return hasWords && calls.every(({ name }) => this.#tools.get(name)?.endsReply);
  }

  /** Notes the calls that have results. Thoughts are signed for all calls of an answer. */
  #note({ text, calls, results, keep }: Omit<Answered, "signal"> & { results: readonly ToolResult[] }): void {
    if (results.length === 0) return;
    const done = calls.slice(0, results.length);
    this.#turns = [
      ...this.#turns,
      { text, calls: done, results, ...(keep && done.length === calls.length && { keep }) },
    ];
  }

  /** Tools that may be called now. */
  get #offered(): readonly RunTool[] {
    return [...this.#tools.values()].filter(({ unasked }) => unasked !== true || !this.#holdsRetrieved);
  }

  async #run(call: ToolCall, signal: AbortSignal): Promise<ToolResult> {
    const offered = this.#offered;
    const tool = offered.find(({ name }) => name === call.name);
    if (!tool)
      return {
        text: `There is no tool of this name. There is: ${offered.map(({ name }) => name).join(", ")}.`,
        isError: true,
      };
    if (!call.arguments) return { text: "The arguments are not a JSON object. Nothing was done.", isError: true };
    if (tool.retrieves === true) this.#holdsRetrieved = true;
    return tool.run(call, this, signal);
  }
}
