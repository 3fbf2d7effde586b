// @ts-check
/** One job on the screen: how its reply arrives, and how it ends. */

import { insist, pause } from "./demo-client.js";
import { embolden } from "./demo-view.js";

/** @import { EventData } from "../../../shared/protocol/events.ts" */
/** @import { JobView } from "../../../shared/protocol/job.ts" */
/** @import { Bubble } from "./demo-view.js" */

/** @typedef {{ token: string | undefined, signal: AbortSignal }} Access whose job it is, and how long that matters */

const gaveUpPauseMs = 2_000;

/**
 * Shows a reply as it arrives, whatever happens to the connection.
 * @param {string} jobId @param {Bubble} reply @param {Access} access
 * @returns {Promise<JobView>} as it ended
 */
export async function follow(jobId, reply, access) {
  for (;;) {
    const ended = await listen(jobId, reply, access);
    if (ended) return ended;
    // An EventSource that gave up doesn't say why.
    const request = { method: "GET", path: `/api/jobs/${jobId}`, token: access.token };
    /** @type {JobView} */
    const view = await insist(request, access.signal, reply.note);
    if (view.status !== "queued" && view.status !== "active") return view;
    if (view.partial) reply.text.data = view.partial;
    await pause(gaveUpPauseMs, access.signal);
  }
}

/** @param {Bubble} bubble @param {JobView} job one that has ended */
export function showEnd(bubble, { status, reply, error }) {
  const { element, text, note, button } = bubble;
  text.data = reply?.text ?? "";
  embolden(bubble);
  element.ariaBusy = "false";
  button.hidden = true;
  element.classList.toggle("failed", status === "failed");
  if (status === "failed") note(error?.message ?? "There is no answer to this message.");
  else if (status === "cancelled") note("Stopped");
  else if (reply?.finishReason === "length") note("Cut off: the answer reached its longest length");
  else note(reply?.fallback ? "Prepared answer" : "");
}

/**
 * @param {string} jobId @param {Bubble} reply @param {Access} access
 * @returns {Promise<JobView | undefined>} `undefined`: the EventSource gave up
 */
function listen(jobId, reply, { token, signal }) {
  const { text } = reply;
  const source = new EventSource(`/api/jobs/${jobId}/events?access_token=${encodeURIComponent(token ?? "")}`);
  /** @type {<Name extends keyof EventData>(name: Name, act: (data: EventData[Name]) => void) => void} */
  const on = (name, act) => {
    source.addEventListener(name, (/** @type {MessageEvent<string>} */ { data }) => {
      act(/** @type {EventData[typeof name]} */ (JSON.parse(data)));
    });
  };
  // What an earlier connection brought stays until this one, which begins with all of it, has spoken.
  let stale = true;
  /** @param {string} words */
  const say = (words) => {
    // Disabled: it is being stopped, and its note says so.
    if (!reply.button.disabled) reply.note(words);
  };
  source.addEventListener("open", () => say(""));
  on("status", ({ status, position }) => say(status === "queued" ? placeInLine(position) : ""));
  on("reset", () => (text.data = ""));
  on("delta", (delta) => {
    if (stale) text.data = delta.text;
    else text.appendData(delta.text);
    stale = false;
  });
  /** @type {Promise<JobView | undefined>} */
  const ended = new Promise((resolve, reject) => {
    for (const name of /** @type {const} */ (["done", "failed", "cancelled"])) on(name, resolve);
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) resolve(undefined);
      else say("Connection lost, trying again …");
    });
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return ended.finally(() => source.close());
}

/** @param {number} [position] */
function placeInLine(position) {
  if (position === undefined) return "Waiting";
  return position > 0 ? `${position} ahead of you` : "You are next";
}
