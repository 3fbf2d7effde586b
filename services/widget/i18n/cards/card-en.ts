import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "Yes or no?",
  yes: "Yes, go ahead",
  no: "No, don’t",
  until: (when) => `You can confirm this until: ${when}.`,
  sending: "Sending your answer…",
  states: {
    confirmed: "You said yes. The outcome will appear here.",
    refused: "You said no. Nothing was done.",
    expired: "The time to confirm this is over. Nothing was done.",
    replaced: "Replaced by a newer question. Nothing was done.",
    withdrawn: "Withdrawn. Nothing was done.",
    sent: "It is being done.",
    done: "Done.",
    failed: "It could not be done.",
    unknown: "We do not know whether this was done. Our team will check.",
  },
  problems: {
    answered: "This was answered before, perhaps on another device.",
    "action-over": "A person has this conversation now. Please ask them.",
    "tool-changed": "This has changed since and can no longer be confirmed. Please ask again.",
    "identity-required": "Please sign in on this site first, then confirm.",
  },
  failed: "Your answer did not get through. Please try again in a minute.",
};
