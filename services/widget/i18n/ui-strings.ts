/** All texts of the open chat in one language. Arguments of functions are already formatted for that language. */
export interface Words {
  /** Heading of a chat whose assistant has no name. */
  readonly chat: string;
  readonly greeting: string;
  readonly conversation: string;
  readonly you: string;
  readonly assistant: string;
  readonly suggestions: string;
  readonly earlier: string;
  readonly newest: string;

  readonly yourMessage: string;
  readonly placeholder: string;
  readonly send: string;
  readonly stop: string;
  readonly left: (characters: string) => string;
  readonly over: (characters: string) => string;

  readonly close: string;
  readonly more: string;
  readonly startAnew: string;
  readonly deleteData: string;
  readonly cancel: string;
  readonly askStartAnew: Question;
  readonly askDelete: Question;
  readonly deleted: string;

  readonly writing: string;
  readonly next: string;
  /** Position in the queue, from 2. */
  readonly inLine: (place: number) => string;
  readonly waiting: string;
  readonly sending: string;
  readonly notSent: string;
  readonly noReply: string;
  readonly stopped: string;
  readonly tryAgain: string;

  readonly copy: string;
  readonly copyCode: string;
  readonly copied: string;
  readonly code: string;
  readonly table: string;
  readonly helpful: string;
  readonly notHelpful: string;
  readonly comment: string;
  readonly sendComment: string;
  readonly thanks: string;

  readonly offline: string;
  readonly unreachable: string;
  readonly busy: string;
  /** Time until sending resumes, like "12 sec". */
  readonly goesOn: (time: string) => string;
  readonly restarted: string;
  readonly fromFile: string;
}

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
}
