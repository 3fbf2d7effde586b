import type { HandoffReason } from "../../../shared/protocol/handling.ts";
import type { KeptThoughts, Tool, ToolCall, ToolResult, ToolTurn } from "../providers/tools/tool.ts";

/** A tool that a run can carry out. */
export interface RunTool extends Tool {
  /** True if a reply that has words needs no further word of the model after it. */
  endsReply?: boolean;
  /** @returns what the model is told */
  run(call: ToolCall, session: ToolSession): Promise<ToolResult> | ToolResult;
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
}

/** Record of what the tools of one run have done. It outlasts a call that fails: another provider goes on from there. */
export class ToolSession {
  readonly #tools: ReadonlyMap<string, RunTool>;
  #turns: ToolTurn[] = [];
  #calls = 0;
  #mistakes = 0;
  #provider: string | undefined;
  /** Set once the model has handed the conversation to a person. */
  handoff: HandoffReason | undefined;

  constructor(tools: readonly RunTool[]) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  /** Tools and turns of the next call. */
  nextFor(provider: string): { tools?: readonly Tool[]; turns?: readonly ToolTurn[]; mayCall?: false } {
    if (this.#tools.size === 0) return {};
    // Signatures of one server say nothing to another.
    if (this.#provider !== provider) this.#turns = this.#turns.map(({ keep: _keep, ...turn }) => turn);
    this.#provider = provider;
    this.#calls += 1;
    const mayCall = this.#calls < maxCalls && this.#mistakes <= maxMistakes;
    // A request with calls must say what was called.
    if (!mayCall && this.#turns.length === 0) return {};
    const tools = [...this.#tools.values()].map(({ name, description, parameters }) => ({
      name,
      description,
      parameters,
    }));
    return { tools, ...(this.#turns.length > 0 && { turns: this.#turns }), ...(!mayCall && { mayCall }) };
  }

  /** Records that the tools came out wrong, so that no words of a reply came of it. */
  wentWrong(): void {
    this.#mistakes = maxMistakes + 1;
  }

  /**
   * Carries out the calls of an answer.
   * @returns true if the reply is whole without another call
   */
  async carryOut({ text, calls, keep }: Answered, hasWords: boolean): Promise<boolean> {
    const results: ToolResult[] = [];
    for (const call of calls) results.push(await this.#run(call));
    if (results.some(({ isError }) => isError)) this.#mistakes += 1;
    this.#turns = [...this.#turns, { text, calls, results, ...(keep && { keep }) }];
    return hasWords && calls.every(({ name }) => this.#tools.get(name)?.endsReply);
  }

  async #run(call: ToolCall): Promise<ToolResult> {
    const tool = this.#tools.get(call.name);
    if (!tool)
      return { text: `There is no tool of this name. There is: ${[...this.#tools.keys()].join(", ")}.`, isError: true };
    if (!call.arguments) return { text: "The arguments are not a JSON object. Nothing was done.", isError: true };
    return tool.run(call, this);
  }
}
