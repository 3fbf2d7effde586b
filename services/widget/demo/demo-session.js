// @ts-check

/** @import { Bubble } from "./demo-view.js" */

/** @typedef {{ jobId: string, asked: Bubble | undefined, reply: Bubble }} Job `asked`: the message that it answers */

/** One conversation's time on the screen. Its end cuts off all that still waits for something. */
export function newSession() {
  return {
    end: new AbortController(),
    /** Those on the screen, by message id, or by key while unsent. @type {Map<string, Bubble>} */
    bubbles: new Map(),
    /** Those that have not ended, as far as the page knows, oldest first. @type {Map<string, Job>} */
    jobs: new Map(),
    /** From the start: what is sent before the history is shown would stand in the wrong place. */
    delivering: true,
    watching: false,
    /** What the server last said is its oldest job, while it may have some that this page doesn't know. @type {string | null} */
    oldest: null,
    /** The visitor deletes it: what is unsent goes with it. The end of a stream may tell of that before the answer does. */
    erasing: false,
    /** The id of a message before which there are more. @type {string | undefined} */
    nextBefore: undefined,
  };
}
