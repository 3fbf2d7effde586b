/** Names and words in an upstream's error. */
export interface UpstreamFault {
  names: string[];
  /** Sentences of the error: read, but never shown. They may quote the visitor or the key. */
  words: string;
  /** HTTP status named in the error. */
  status: number | undefined;
}

/** `key`: the key is refused. `credit`: the account must be paid first. `ours`: the same call would fail again. */
type Kind = "key" | "credit" | "ours";

const kinds: Record<Kind, readonly string[]> = {
  key: [
    "authentication_error",
    "authenticationerror",
    "invalid_api_key",
    "invalidapikey",
    "invalid_authentication",
    "invalid_authentication_error",
    "incorrect_api_key_error",
    "api_key_invalid",
    // Names of a missing or wrong field.
    "api_key",
    "authorization",
    "x_api_key",
    // AWS.
    "expiredtokenexception",
    "invalidsignatureexception",
    "unrecognizedclientexception",
    "unauthenticated",
    "unauthorized",
    "unauthorized_error",
    // MiniMax.
    "1004",
    "2049",
  ],
  credit: [
    "arrearage",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    // LiteLLM.
    "budget_exceeded",
    "exceeded_current_quota_error",
    "insufficient_balance",
    // OpenAI's name for a 429 that waiting does not clear.
    "insufficient_quota",
    "insufficient_user_quota",
    "payment_required",
    // MiniMax, Zhipu.
    "1008",
    "1113",
  ],
  ours: [
    "bad_request",
    "bad_request_error",
    "badrequesterror",
    "bio_policy",
    "context_length_exceeded",
    "data_residency_mismatch",
    "invalid_argument",
    "invalid_prompt",
    "invalid_request",
    "invalid_request_error",
    "invalidparameter",
    "misalignment_policy_violation",
    "model_not_found",
    "not_found_error",
    "notfounderror",
    "permission_denied",
    "permission_error",
    "request_too_large",
    "unprocessable_entity",
    "unsupported_parameter",
    // MiniMax: the input or the output is filtered, or a parameter is wrong.
    "1026",
    "1027",
    "2013",
  ],
};

const byName = new Map(Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => [name, kind as Kind])));

/** Finds known names in the middle of a sentence; a number there is not a name. */
export function knownNamesIn(words: string): string[] {
  const found = words.match(/[A-Za-z]{2,}(?:[_-][A-Za-z]+)*/g) ?? [];
  return found.filter((word) => exceptionName.test(word) || (/[_-]/.test(word) && byName.has(toKey(word))));
}

const exceptionName = /^[A-Z][A-Za-z]*[a-z](?:Exception|Error)$/;

/** True if the name is one of those listed here, so that it cannot quote anything. */
export function isKnownName(name: string): boolean {
  return byName.has(toKey(name));
}

function toKey(name: string): string {
  return name.toLowerCase().replaceAll(/[\s.-]+/g, "_");
}

/** Patterns of sentences about a key, for servers that name nothing, or the wrong thing (xAI: `invalid-argument`). */
const aboutKey =
  /\b(?:api[ _-]?key|api[ _-]?token|auth(?:entication|orization)?(?:[ _-](?:token|key|header|credentials?))?|(?:access|security) token|bearer|credentials?)\b/i;
const refuses =
  /\b(?:invalid|incorrect|wrong|missing|malformed|expired|revoked|disabled|deactivated|inactive|unauthori[sz]ed|unknown|denied|error|fail(?:ed|ure)?|required|not valid|not found|not provided|not authori[sz]ed|does not exist|could not|couldn't|cannot|didn't provide|did not provide|no (?:valid )?api[ _-]?key|no auth(?:entication)?|no cookie auth)\b/i;
const unpaid =
  /\bcredit balance is too low\b|\b(?:insufficient|out of|not enough|exceeded your current)[\w ,]{0,20}\b(?:balance|credits?|funds?|quota)\b/i;

export function kindOf({ names, words }: UpstreamFault): Kind | undefined {
  const known = names.flatMap(
    (name) => byName.get(toKey(name)) ?? byName.get(toKey(name.split(".").at(-1) ?? name)) ?? [],
  );
  const found = (["key", "credit"] as const).find((kind) => known.includes(kind));
  if (found) return found;
  // Gemini uses the same words for a rate exceeded for a minute.
  if (unpaid.test(words) && !names.includes("RESOURCE_EXHAUSTED")) return "credit";
  if (aboutKey.test(words) && refuses.test(words)) return "key";
  return known[0];
}
