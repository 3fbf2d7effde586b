import { Problem } from "../../../shared/errors.ts";
import type { VoiceNow, VoiceOutcome } from "../../../shared/voices/change-of-voice.ts";
import { toOperatorView } from "../history/message-view.ts";

const busyRetrySeconds = 1;
/** A rolling update takes minutes. */
const updatingRetrySeconds = 30;

/** @throws {Problem} that says why who answers was not changed; nothing was written then */
export function requireNow(outcome: VoiceOutcome): VoiceNow {
  switch (outcome.type) {
    case "now":
      return outcome;
    case "gone":
      throw new Problem("not-found", "This conversation no longer exists.");
    case "handled": {
      const operator = outcome.operator ? toOperatorView(outcome.operator) : undefined;
      throw new Problem("handled", `${operator?.name ?? "Another person"} has this conversation.`, { operator });
    }
    case "not_theirs":
      throw new Problem("not-theirs", "No person has this conversation: take it first.");
    case "too_many_addresses":
      throw new Problem("too-many-addresses", "No further address can be left in this conversation.");
    case "paused":
      throw new Problem("assistant-paused", "The assistant is paused and answers nothing for now.");
    case "updating":
      throw updating("people");
    case "busy":
      throw busy();
  }
}

/** @param what the part of the product that an older process does not know */
export function updating(what: "people" | "actions" | "this front end"): Problem {
  return new Problem(
    "updating",
    `The service is being updated, and a part of it does not know of ${what} yet. Try again in a minute.`,
    { retryAfterSeconds: updatingRetrySeconds },
  );
}

export function busy(): Problem {
  return new Problem("unavailable", "Other requests keep changing this conversation. Try again.", {
    retryAfterSeconds: busyRetrySeconds,
  });
}
