/** All texts of the open chat in one language. Arguments of functions are already formatted for that language. */
export interface UiStrings {
  /** Heading of a chat whose assistant has no name. */
  readonly chat: string;
  readonly greeting: string;
  readonly conversation: string;
  readonly you: string;
  readonly assistant: string;
  readonly suggestions: string;
  /** The usual time of a reply, like "12 sec". */
  readonly typicalReply: (time: string) => string;
  readonly earlierConversations: string;
  readonly aiNotice: string;
  /** Link to what the chat stores. */
  readonly privacy: string;
  readonly olderMessages: string;
  readonly newestMessages: string;

  readonly yourMessage: string;
  readonly placeholder: string;
  readonly send: string;
  readonly stop: string;
  readonly charactersLeft: (characters: string) => string;
  readonly charactersOver: (characters: string) => string;

  readonly close: string;
  readonly menu: string;
  /** A part of the panel, fetched at its first use, did not arrive. */
  readonly notLoaded: string;

  readonly writing: string;
  readonly nextInQueue: string;
  /** Beside a question whose predecessor is still being answered. */
  readonly waitsForReply: string;
  /** Position in the queue, from 2. */
  readonly queuePosition: (place: number) => string;
  readonly waiting: string;
  readonly sending: string;
  readonly notSent: string;
  readonly noReply: string;
  readonly stopped: string;
  readonly tryAgain: string;

  readonly copy: string;
  readonly copyCode: string;
  readonly copied: string;
  /** Asks for another reply in place of the newest one. */
  readonly regenerate: string;
  readonly code: string;
  readonly table: string;
  readonly helpful: string;
  readonly notHelpful: string;
  readonly thanks: string;

  readonly offline: string;
  readonly unreachable: string;
  readonly busy: string;
  /** The visitor has sent as many messages as are allowed for now. */
  readonly limited: string;
  /** Time until sending resumes, like "12 sec". */
  readonly retryIn: (time: string) => string;
  readonly restarted: string;
  /** The service does not allow the page's origin. */
  readonly originRefused: string;
  /** Refusals and failures by their code; absent in English, which is the service's own language. */
  readonly problems?: Readonly<Record<string, string>>;
}
