import type { Problem, ProblemCode } from "../../../../shared/errors.ts";
import type { ProblemBody } from "../../../../shared/protocol/service.ts";
import { operator } from "./shop.ts";

const details: Record<ProblemCode, string> = {
  "invalid-request": "message: must not be empty",
  unauthorized: "Send the token of this conversation: Authorization: Bearer <token>.",
  "identity-required": "Send X-Parley-Identity, signed by the embedding site.",
  "identity-invalid": "X-Parley-Identity: it has expired",
  "admin-unauthorized": "Sign in with ADMIN_USER and ADMIN_PASSWORD.",
  "sign-in-failed": "The address or the password is wrong.",
  "metrics-unauthorized": "Authorization: Bearer <METRICS_TOKEN>",
  forbidden: "Use the token that came with this conversation, or the identity of its visitor.",
  "origin-not-allowed": "This is only taken from the console's own pages.",
  "challenge-failed": "Solve the challenge and send it again.",
  blocked: "The site's team takes no messages from you in this chat.",
  "read-only": "The account viewer has read-only access.",
  "role-required": "This needs the role admin.",
  "session-required": "A key or a password of the configuration has no account of its own here.",
  "https-required": "A password or a session is sent by HTTPS alone, or on localhost. Open the console by https://.",
  "queue-action-refused":
    "Retry or remove one entry at a time. To allow every Bull Board action, set ADMIN_QUEUE_ACTIONS=all for the API.",
  "not-found": "There is no such conversation. It may have been deleted.",
  "method-not-allowed": "There are no sessions here, and nothing to GET: send a POST.",
  "request-timeout": "Send the whole request in time.",
  answered: "The answer was yes.",
  "already-ended": "The job has ended: there is nothing to cancel.",
  handled: "Mia has this conversation.",
  "factor-exists": "Remove the second factor before you set up another one.",
  "last-admin": "Mia is the last admin with an account: make somebody else an admin first.",
  "not-removable": "Nobody removes themselves: ask another admin.",
  "role-fixed": "Mia acts for a password of the configuration, which has one role.",
  "account-exists": "This address has an account already.",
  "no-mail": "No worker has a mail server: ask for a link.",
  "no-people": "This assistant hands no conversations to people: its answers are all there is here.",
  "too-many-addresses": "No further address can be left in this conversation.",
  "not-theirs": "No person has this conversation: take it first.",
  "assistant-paused": "The assistant is paused and answers nothing for now.",
  "nothing-to-answer": "The visitor has written nothing that could be answered.",
  "tool-differs": "Look at it again: it has changed, or it cannot be used.",
  updating: "The service is being updated, and a part of it does not know of this yet. Try again in a minute.",
  "already-replaced": "Read the conversation again, and replace the message that replaced it.",
  "reply-open": "Wait for the replies of this conversation, or stop them, before you replace one of its messages.",
  "idempotency-conflict": "Use a new Idempotency-Key for a new message.",
  "action-over": "It is expired: ask the assistant again.",
  "tool-changed": "The site has changed what this would do. Ask the assistant again.",
  "link-ended": "This link was used, has ended, or was never made. Ask for a new one.",
  "too-large": "Send a smaller body.",
  "unsupported-media-type": "Send application/json.",
  "rate-limited": "Too many requests from your address: try again in 2 seconds.",
  "too-many-unanswered":
    "10 messages of this conversation are waiting for a reply. Wait for one of the replies before you send another message.",
  "headers-too-large": "Send fewer or shorter headers.",
  internal: "The error was logged under the request id of this response.",
  unavailable: "The database cannot be reached. Try again in a moment.",
  backlog: "Too many messages are waiting. Try again in a moment.",
};

const more: Partial<Record<ProblemCode, Partial<ProblemBody>>> = {
  "invalid-request": { errors: [{ path: "message", message: "must not be empty" }] },
  handled: { operator },
  "action-over": { state: "expired" },
};

/** Body of each problem by its code. Routes share it: a path of one would be wrong at the others. */
export function problemExamples(all: readonly Problem[]): Record<string, { value: ProblemBody }> {
  return Object.fromEntries(
    all.map(({ code, title, status }) => {
      const { [code]: detail } = details;
      const instance = "/path/of/the/request";
      return [code, { value: { type: `/problems/${code}`, title, status, detail, instance, ...more[code] } }];
    }),
  );
}
