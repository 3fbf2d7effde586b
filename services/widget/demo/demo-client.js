// @ts-check
/** What the page needs to speak the HTTP contract. No DOM. */

/** @import { ProblemBody } from "../../../shared/protocol/service.ts" */

/**
 * @typedef {{ method: string, path: string, token?: string | undefined, key?: string, body?: string | undefined }} Call
 */

const callTimeoutMs = 30_000;
const longestPauseMs = 15_000;

/** An answer that says no, in words fit for the visitor; status 0: there was no answer. */
export class Refusal extends Error {
  /** @param {number} status @param {string} words @param {number} [retryAfterMs] */
  constructor(status, words, retryAfterMs) {
    super(words);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    /** The same call may do later. */
    this.passing = status === 0 || status === 429 || status >= 500;
    /** The conversation is no longer this browser's to open. */
    this.gone = status === 401 || status === 403 || status === 404;
  }
}

/**
 * One request.
 * @template Answer
 * @param {Call} request @param {AbortSignal} signal
 * @returns {Promise<Answer>} the JSON of the answer, `null` where it has no body
 * @throws {Refusal} @throws what the signal was aborted with
 */
export async function call({ method, path, token, key, body }, signal) {
  const headers = new Headers();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (key) headers.set("Idempotency-Key", key);
  if (body) headers.set("Content-Type", "application/json");
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]);
    const response = await fetch(path, { method, headers, signal: limit, ...(body ? { body } : {}) });
    const text = await response.text();
    signal.throwIfAborted();
    if (!response.ok) throw new Refusal(response.status, wordsOf(response, text), readRetryAfter(response));
    return /** @type {Answer} */ (JSON.parse(text || "null"));
  } catch (error) {
    if (signal.aborted || error instanceof Refusal) throw error;
    throw new Refusal(0, navigator.onLine ? "The service cannot be reached." : "You are offline.");
  }
}

/**
 * One request, again and again through all that passes: no network, 429, 5xx.
 * @template Answer
 * @param {Call} request @param {AbortSignal} signal
 * @param {(words: string, count?: string) => void} show tells the reader why it takes long; `""`: no longer
 * @returns {Promise<Answer>} as `call`
 * @throws {Refusal} one that doesn't pass
 */
export async function insist(request, signal, show) {
  for (let failures = 0; ; failures++) {
    try {
      /** @type {Answer} */
      const answer = await call(request, signal);
      if (failures > 0) show("");
      return answer;
    } catch (error) {
      if (!(error instanceof Refusal) || !error.passing) throw error;
      const backoffMs = Math.min(1_000 * 2 ** failures, longestPauseMs) * (0.75 + Math.random() / 2);
      const pauseMs = Math.max(error.retryAfterMs ?? backoffMs, 1_000);
      await countDown(pauseMs, signal, (left) => show(error.message, `Trying again in ${left}.`));
    }
  }
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} rejects when the signal is aborted */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", cut);
    function done() {
      signal.removeEventListener("abort", cut);
      resolve();
    }
    function cut() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

/** @returns {string} a version-4 UUID; `crypto.randomUUID` would be there in secure contexts only */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const digits = Array.from(bytes, (byte, i) => {
    if (i === 6) return ((byte & 0x0f) | 0x40).toString(16);
    if (i === 8) return ((byte & 0x3f) | 0x80).toString(16);
    return byte.toString(16).padStart(2, "0");
  });
  return digits.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** @param {Response} response @param {string} text */
function wordsOf(response, text) {
  /** @type {Partial<ProblemBody>} */
  let problem = {};
  try {
    problem = /** @type {Partial<ProblemBody>} */ (JSON.parse(text));
  } catch {
    // Not ours: a proxy's page, say.
  }
  const fault = problem.errors?.find(({ path }) => path === "message");
  if (fault) return `Your message ${fault.message}.`;
  return problem.detail ?? problem.title ?? `The service answered with status ${response.status}.`;
}

/** @param {Response} response @returns {number | undefined} milliseconds */
function readRetryAfter(response) {
  const value = response.headers.get("Retry-After");
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : ms;
}

/** Ends early when the network comes back. @param {number} ms @param {AbortSignal} signal @param {(left: string) => void} tick */
async function countDown(ms, signal, tick) {
  const wasOffline = !navigator.onLine;
  const end = Date.now() + ms;
  for (let left = ms; left > 0; left = end - Date.now()) {
    tick(left > 90_000 ? `${Math.round(left / 60_000)} min` : `${Math.ceil(left / 1_000)} s`);
    await pause(Math.min(left, 1_000), signal);
    if (wasOffline && navigator.onLine) return;
  }
}
