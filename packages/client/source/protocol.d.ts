// Made from shared/protocol by `npm run write:protocol`.

export type JobStatus = "queued" | "active" | "completed" | "failed" | "cancelled";

export type HandledBy = "ai" | "waiting" | "operator";

export type ActionState = "waiting" | "confirmed" | "refused" | "expired" | "replaced" | "withdrawn" | "sent" | "done" | "failed" | "unknown";

export type FeedbackReason = "wrong" | "unclear" | "unhelpful" | "other";

export type SubmitRequest = {
  /** 1 to 4000 characters (code points) after trimming */
  message: string;
  /** Absent: a new conversation begins */
  conversationId?: string | undefined;
  /** Another name of conversationId */
  sessionId?: string | undefined;
  /** From this message on; one of `/api/assistants` */
  assistantType?: string | undefined;
  /** In place of the assistant's own, from this message on; one of `/api/providers` */
  provider?: string | undefined;
  /** New conversations only: a thread at the provider to go on with, where the service allows it */
  threadId?: string | undefined;
  /** New conversations only: what was said elsewhere before, in its order */
  history?: {
    text: string;
    sender: "user" | "ai";
    /** Unix milliseconds */
    timestamp: number;
  }[] | undefined;
  /** Existing conversations only: the visitor's own message that this one stands for from now on, edited or repeated. Prompts leave it out, and its reply */
  replaces?: string | undefined;
  /** Kept with the conversation, in place of what was; at most 2048 bytes as JSON */
  metadata?: Record<string, string> | undefined;
};

export type SubmitResponse = {
  jobId: string;
  status: JobStatus;
  conversationId: string;
  sessionId: string;
  messageId: string;
  token: string;
  /** Pass it to the conversation's event stream as `after` */
  cursor: string;
  handledBy: HandledBy;
  operator?: OperatorView | undefined;
  expected?: Expected | undefined;
  /** Ask the visitor how it went with a person; once */
  ratingAsked?: {
    /** Its number, for `POST /api/conversations/{id}/stretches/{no}/rating` */
    stretch: number;
    operator?: OperatorView | undefined;
  } | undefined;
  links: {
    job: string;
    events: string;
    conversation: string;
  };
};

export type JobView = {
  jobId: string;
  conversationId: string;
  messageId: string;
  status: JobStatus;
  attempt: number;
  /** While queued: an estimate of how many are ahead */
  position?: number | undefined;
  /** While active: the text so far */
  partial?: string | undefined;
  reply?: {
    id: string;
    text: string;
    sender: "ai";
    /** Unix milliseconds */
    timestamp: number;
    fallback: boolean;
    finishReason: "stop" | "length" | "refusal" | "content_filter" | "cancelled" | "taken_over";
    /** Passages that it rests on, sorted by `end` */
    sources: ReplySourceView[];
  } | undefined;
  error?: {
    code: "provider_unavailable" | "provider_rejected" | "deadline" | "workers_died" | "cancelled" | "deleted" | "taken_over";
    message: string;
  } | undefined;
  /** Who answers instead of the AI; the job has no reply */
  handledBy?: HandledBy | undefined;
  provider?: string | undefined;
  assistantId?: string | undefined;
  threadId?: string | null | undefined;
  usage?: {
    inputTokens: number;
    outputTokens: number;
    costUsd: number | null;
  } | undefined;
  /** Actions that its reply proposes */
  actions?: ActionCard[] | undefined;
  createdAt: string;
  startedAt?: string | undefined;
  finishedAt?: string | undefined;
};

export type MessageView = {
  id: string;
  text: string;
  sender: "user" | "ai" | "operator";
  /** Author of an operator's message */
  operator?: OperatorView | undefined;
  /** Unix milliseconds */
  timestamp: number;
  /** Came with the request, not from this service */
  imported?: true | undefined;
  /** What the visitor thinks of it */
  rating?: "up" | "down" | undefined;
  /** Why the reply ended; `cancelled`: it was stopped */
  finishReason?: "stop" | "length" | "refusal" | "content_filter" | "cancelled" | "taken_over" | undefined;
  /** The visitor's message that this one replaces, with its reply */
  replaces?: string | undefined;
  /** No provider's: a preset, or sentences of the site's own pages */
  fallback?: true | undefined;
  /** Of the AI's own replies: passages that the reply rests on, sorted by `end` */
  sources?: ReplySourceView[] | undefined;
};

export type ReplySourceView = {
  /** Number of the passage, in order of first appearance in the reply */
  n: number;
  title: string;
  /** Page, with a text fragment of the quote; empty for a text without an address */
  url: string;
  /** Sentences of the passage that carry the claim; 300 characters at most */
  quote: string;
  /** Begin of the sentence, or end of the citation before it */
  start: number;
  /** Where the number belongs */
  end: number;
  /** The source was deleted: title, address and quote are empty */
  removed?: true | undefined;
};

export type ActionCard = {
  id: string;
  tool: string;
  title: string;
  lines: {
    label: string;
    value: string;
  }[];
  /** The site's words for yes; absent: the client's own */
  confirmLabel?: string | undefined;
  /** The site's words for no; absent: the client's own */
  refuseLabel?: string | undefined;
  state: ActionState;
  /** The visitor's message whose reply proposed it */
  messageId?: string | undefined;
  /** The visitor's message that answered it */
  answerMessageId?: string | undefined;
  /** Until then a waiting action can be confirmed */
  expiresAt: string;
  /** What came of it, as the site's template says */
  result?: string | undefined;
};

export type ConversationView = {
  id: string;
  sessionId: string;
  assistantType: string;
  provider: string;
  threadId: string | null;
  createdAt: string;
  updatedAt: string;
  messageCount: number;
  activeJobId: string | null;
  metadata: Record<string, string>;
  /** Pass it to the conversation's event stream as `after` */
  cursor: string;
  handledBy: HandledBy;
  operator?: OperatorView | undefined;
  expected?: Expected | undefined;
  /** Ask the visitor how it went with a person; once */
  ratingAsked?: {
    /** Its number, for `POST /api/conversations/{id}/stretches/{no}/rating` */
    stretch: number;
    operator?: OperatorView | undefined;
  } | undefined;
  messages: MessageView[];
  /** Newest actions proposed in it, oldest first */
  actions?: ActionCard[] | undefined;
};

export type HistoryView = {
  sessionId: string;
  messages: MessageView[];
  /** Pass it to the conversation's event stream as `after` */
  cursor: string;
  handledBy: HandledBy;
  operator?: OperatorView | undefined;
  expected?: Expected | undefined;
  /** Ask the visitor how it went with a person; once */
  ratingAsked?: {
    /** Its number, for `POST /api/conversations/{id}/stretches/{no}/rating` */
    stretch: number;
    operator?: OperatorView | undefined;
  } | undefined;
  /** Newest actions proposed in it, oldest first */
  actions?: ActionCard[] | undefined;
  /** There are older ones: pass it as `before` */
  nextBefore?: string | undefined;
};

export type HandoffRequest = {
  reason?: "asked" | "other" | undefined;
  /** Where an answer is announced; null removes it */
  email?: string | null | undefined;
};

export type HandoffAnswer = {
  handledBy: HandledBy;
  operator?: OperatorView | undefined;
  expected?: Expected | undefined;
  /** Ask the visitor how it went with a person; once */
  ratingAsked?: {
    /** Its number, for `POST /api/conversations/{id}/stretches/{no}/rating` */
    stretch: number;
    operator?: OperatorView | undefined;
  } | undefined;
  cursor: string;
  notice?: Notice | undefined;
};

/** A person of the site's team */
export type OperatorView = {
  name: string;
  avatarUrl?: string | undefined;
};

export type Expected = {
  /** `now`: somebody is there. `today`, `later`: somebody will be, by the site's hours. `address`: nothing is known of when */
  state: "now" | "today" | "later" | "address";
  /** When somebody will be there. Absent with `today`: within the hours */
  at?: string | undefined;
  /** True: ask the visitor for an address */
  emailAsked: boolean;
};

/** What the service itself says, in the visitor's language. It is no message */
export type Notice = {
  code: "waiting" | "taken" | "assistant" | "closed" | "overdue";
  text: string;
};

export type StretchRatingRequest = {
  /** `null`: the visitor does not want to say. It takes an earlier answer back, with its comment */
  rating: "good" | "bad" | null;
  /** At most 1000 characters */
  comment?: string | undefined;
};

export type AssistantInfo = {
  type: string;
  name: string;
  description: string;
  provider: string;
  /** Heading of the chat, where it is not the name */
  title?: string | undefined;
  greeting?: string | undefined;
  suggestions?: string[] | undefined;
  /** Says that an AI writes; absent: the client's own words, `false`: not shown */
  aiNotice?: string | false | undefined;
  /** Absent: `/privacy` of this service, `false`: no link */
  privacyUrl?: string | false | undefined;
  /** Clients ask visitors to agree before a first message */
  consent?: boolean | undefined;
  /** Visitors may ask for a person */
  people: boolean;
  /** It answers from the site's own pages, with sources */
  knowledge: boolean;
  /** Picture of the assistant, over http or https */
  avatarUrl?: string | undefined;
  /** Median of recent replies, from the message to their end; absent where there are few */
  typicalReplySeconds?: number | undefined;
};

export type VisitorConversationsView = {
  conversations: {
    id: string;
    assistantType: string;
    createdAt: string;
    updatedAt: string;
    messageCount: number;
    /** How its newest message begins */
    preview?: string | undefined;
  }[];
  /** There are older ones: pass it as `before` */
  nextBefore?: string | undefined;
};

export type OriginReport = {
  origin?: string | undefined;
  allowed: boolean;
};

export type ProblemBody = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errors?: {
    path: string;
    message: string;
  }[] | undefined;
  /** With `handled`: who has the conversation */
  operator?: OperatorView | undefined;
  /** Of an action that cannot be answered any more */
  state?: ActionState | undefined;
  /** Of this request's trace, where traces are on */
  traceId?: string | undefined;
};

/** Contents of `data` of a job's events. */
export type EventData = {
  status: {
    status: JobStatus;
    attempt: number;
    position?: number | undefined;
  };
  delta: {
    text: string;
    /** UTF-8 bytes of the attempt's text so far, this delta included */
    offset: number;
  };
  reset: {
    attempt: number;
  };
  source: {
    /** Number of the passage, in order of first appearance in the reply */
    n: number;
    title: string;
    /** Page, with a text fragment of the quote; empty for a text without an address */
    url: string;
    /** Where the number belongs: UTF-8 bytes of the attempt's text before it */
    offset: number;
  };
  done: JobView;
  failed: JobView;
  cancelled: JobView;
  wait: {
    /** Milliseconds until it is worth connecting again */
    retryMs: number;
  };
};

type ConversationEventData = {
  message: {
    id: string;
    text: string;
    sender: "user" | "ai" | "operator";
    /** Author of an operator's message */
    operator?: OperatorView | undefined;
    /** Unix milliseconds */
    timestamp: number;
    /** Came with the request, not from this service */
    imported?: true | undefined;
    /** What the visitor thinks of it */
    rating?: "up" | "down" | undefined;
    /** Why the reply ended; `cancelled`: it was stopped */
    finishReason?: "stop" | "length" | "refusal" | "content_filter" | "cancelled" | "taken_over" | undefined;
    /** The visitor's message that this one replaces, with its reply */
    replaces?: string | undefined;
    /** No provider's: a preset, or sentences of the site's own pages */
    fallback?: true | undefined;
    /** Of the AI's own replies: passages that the reply rests on, sorted by `end` */
    sources?: ReplySourceView[] | undefined;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  job: {
    jobId: string;
    status: JobStatus;
    /** Who answers, where the job ended without the AI */
    handledBy?: HandledBy | undefined;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  handling: {
    handledBy: HandledBy;
    operator?: OperatorView | undefined;
    expected?: Expected | undefined;
    /** Ask the visitor how it went with a person; once */
    ratingAsked?: {
      /** Its number, for `POST /api/conversations/{id}/stretches/{no}/rating` */
      stretch: number;
      operator?: OperatorView | undefined;
    } | undefined;
    notice?: Notice | undefined;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  notice: {
    code: "waiting" | "taken" | "assistant" | "closed" | "overdue";
    text: string;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  action: {
    id: string;
    tool: string;
    title: string;
    lines: {
      label: string;
      value: string;
    }[];
    /** The site's words for yes; absent: the client's own */
    confirmLabel?: string | undefined;
    /** The site's words for no; absent: the client's own */
    refuseLabel?: string | undefined;
    state: ActionState;
    /** The visitor's message whose reply proposed it */
    messageId?: string | undefined;
    /** The visitor's message that answered it */
    answerMessageId?: string | undefined;
    /** Until then a waiting action can be confirmed */
    expiresAt: string;
    /** What came of it, as the site's template says */
    result?: string | undefined;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  typing: {
    by: "operator";
    name: string;
  };
  position: {
    position: number;
    expected?: Expected | undefined;
  };
  resync: {
    /** The stream goes on from here */
    cursor: string;
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  deleted: {
    /** Place in the conversation */
    seq: number;
    at: string;
  };
  wait: {
    /** Milliseconds until it is worth connecting again */
    retryMs: number;
  };
};

/** Event of a conversation's stream, its data parsed. */
export type ConversationEvent = {
  [Name in keyof ConversationEventData]: { event: Name; data: ConversationEventData[Name]; id?: string | undefined };
}[keyof ConversationEventData];
