import type { CannedReply } from "../../../shared/protocol/people/canned-replies.ts";
import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";

const shownMatches = 6;
/** Sign that begins a shortcut in the box. */
const sign = "/";

/** Texts that the team sends often. They are read when one is first asked for, and anew at each opening of their list. */
export class Canned {
  replies: readonly CannedReply[] | undefined;
  problem: ServiceProblem | undefined;
  /** Place of the match that Enter takes. */
  chosen = 0;
  readonly #api: OperatorApi;
  readonly #changed: () => void;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  /** Replies whose shortcut begins as the text does; `undefined` for a text that is no shortcut. */
  matches(text: string): readonly CannedReply[] | undefined {
    if (!text.startsWith(sign) || /\s/.test(text)) return undefined;
    if (this.replies === undefined) void this.read();
    const begun = text.slice(sign.length).normalize("NFC").toLowerCase();
    return (this.replies ?? []).filter(({ shortcut }) => shortcut.startsWith(begun)).slice(0, shownMatches);
  }

  step(by: 1 | -1, of: number): void {
    this.chosen = (this.chosen + by + of) % of;
    this.#changed();
  }

  read(): Promise<void> {
    // Asked for once: whoever looks meanwhile sees none.
    this.replies ??= [];
    return this.#do(async () => undefined);
  }

  put(shortcut: string, text: string): Promise<void> {
    return this.#do(() => this.#api.putCanned(shortcut, text));
  }

  remove(shortcut: string): Promise<void> {
    return this.#do(() => this.#api.removeCanned(shortcut));
  }

  async #do(change: () => Promise<unknown>): Promise<void> {
    this.problem = undefined;
    try {
      await change();
      this.replies = await this.#api.canned();
      // The list may be shorter now.
      this.chosen = 0;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
    }
    this.#changed();
  }
}
