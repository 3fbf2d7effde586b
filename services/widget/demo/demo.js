// @ts-check
/** The demo page: the whole main job by hand, on nothing but the public HTTP contract. */

import { Refusal, call, insist, newKey } from "./demo-client.js";
import { chosenAssistant, focusNext, giveBack, offerDelete, showAssistants, wireControls } from "./demo-controls.js";
import { follow, showEnd } from "./demo-job.js";
import { onOtherTab, store, stored } from "./demo-memory.js";
import { newSession } from "./demo-session.js";
import { find, newBubble, noteIn, offer, showMessages, stickToEnd } from "./demo-view.js";

/** @import { AssistantInfo } from "../../../shared/protocol/service.ts" */
/** @import { ConversationView, HistoryView } from "../../../shared/protocol/conversation.ts" */
/** @import { JobView } from "../../../shared/protocol/job.ts" */
/** @import { SubmitResponse } from "../../../shared/protocol/submit.ts" */
/** @import { Unsent } from "./demo-memory.js" */
/** @import { Job } from "./demo-session.js" */
/** @import { Bubble, Note } from "./demo-view.js" */

const log = find("#log", HTMLElement);
const earlier = find("#earlier", HTMLButtonElement);
const tell = noteIn(find("#notice", HTMLElement));
const toEnd = stickToEnd(log, find("#latest", HTMLButtonElement));

let session = newSession();
/** @type {AssistantInfo[]} */
let assistants = [];

wireControls({ send, startAnew: () => startAnew(""), erase: () => run(erase), choose });
earlier.addEventListener("click", () => run(showEarlier));
addEventListener("offline", () => tell("You are offline. What you write is sent when you are back."));
addEventListener("online", () => tell(""));
onOtherTab(open);
open();
run(async () => {
  /** @type {{ assistants: AssistantInfo[] }} */
  const found = await get("/api/assistants", tell);
  assistants = found.assistants;
  choose(stored.assistantType);
});

function open() {
  session.end.abort();
  session = newSession();
  for (const element of log.querySelectorAll(".message")) element.remove();
  offerEarlier(undefined);
  offerDelete(stored.conversation !== null);
  log.ariaBusy = "false";
  toEnd();
  run(async () => {
    if (stored.conversation) await resume();
    session.delivering = false;
    run(deliver);
    run(watch);
  });
}

async function resume() {
  log.ariaBusy = "true";
  const { assistantType, nextBefore } = await look();
  log.ariaBusy = "false";
  choose(assistantType);
  offerEarlier(nextBefore);
}

/** Shows what the server has and the page has not. */
async function look() {
  const id = stored.conversation?.id;
  // In this order, a reply that is stored in between is met twice; in the other, never.
  /** @type {ConversationView} */
  const { assistantType, activeJobId } = await get(`/api/conversations/${id}`, tell);
  /** @type {HistoryView} */
  const { messages, nextBefore } = await get(`/api/chat/history/${id}`, tell);
  session.oldest = activeJobId;
  showMessages(messages, session.bubbles, earlier);
  return { assistantType, nextBefore };
}

async function showEarlier() {
  earlier.disabled = true;
  /** @type {HistoryView} */
  const page = await get(`/api/chat/history/${stored.conversation?.id}?before=${session.nextBefore}`, tell);
  const height = log.scrollHeight;
  showMessages(page.messages, session.bubbles, earlier);
  offerEarlier(page.nextBefore);
  log.scrollTop += log.scrollHeight - height;
}

/** @param {string | undefined} nextBefore the message before which there are more */
function offerEarlier(nextBefore) {
  session.nextBefore = nextBefore;
  earlier.hidden = nextBefore === undefined;
  earlier.disabled = false;
}

/** @param {string | undefined} assistantType */
function choose(assistantType) {
  store({ assistantType });
  showAssistants(assistants, assistantType ?? "default", send);
}

/** @param {string} message */
function send(message) {
  tell("");
  const entry = { key: newKey(), message, assistantType: chosenAssistant() };
  store({ unsent: [...stored.unsent, entry] });
  unsentBubble(entry);
  toEnd();
  focusNext();
  run(deliver);
}

/** Sends what is unsent, one by one: the second message of a new conversation needs the id that the first one gets. */
async function deliver() {
  for (const entry of stored.unsent) unsentBubble(entry);
  const mine = session;
  if (mine.delivering) return;
  mine.delivering = true;
  for (let entry; (entry = stored.unsent[0]);) await submit(entry);
  mine.delivering = false;
}

/** @param {Unsent} entry */
function unsentBubble({ key, message }) {
  const known = session.bubbles.get(key);
  if (known) return known;
  const bubble = newBubble("user", message);
  bubble.element.classList.add("sending");
  bubble.note("Sending …");
  session.bubbles.set(key, bubble);
  log.append(bubble.element);
  return bubble;
}

/** @param {Unsent} entry */
async function submit(entry) {
  const { key, message, assistantType } = entry;
  // Kept as it is, with its key: whatever cut it off, a reload too, the very same request is made again.
  entry.body ??= JSON.stringify({ message, assistantType, conversationId: stored.conversation?.id });
  store({});
  const bubble = unsentBubble(entry);
  const others = () => stored.unsent.filter((other) => other.key !== key);
  try {
    const request = { method: "POST", path: "/api/chat", token: stored.conversation?.token, key, body: entry.body };
    /** @type {SubmitResponse} */
    const accepted = await insist(request, session.end.signal, bubble.note);
    store({ conversation: { id: accepted.conversationId, token: accepted.token }, unsent: others() });
    showAccepted(bubble, accepted);
  } catch (error) {
    if (!(error instanceof Refusal) || (error.gone && stored.conversation)) throw error;
    store({ unsent: others() });
    bubble.element.remove();
    giveBack([message]);
    tell(error.message);
  }
}

/** @param {Bubble} bubble @param {SubmitResponse} accepted */
function showAccepted(bubble, { jobId, messageId }) {
  offerDelete(true);
  bubble.note("");
  bubble.element.classList.remove("sending");
  // Accepted before a reload, it came with the history too.
  if (session.bubbles.has(messageId)) bubble.element.remove();
  else session.bubbles.set(messageId, bubble);
  addJob(jobId, messageId);
  run(watch);
}

/** Follows one job at a time, oldest first, as they are answered: a browser has six connections to a host, for all its tabs. */
async function watch() {
  const mine = session;
  if (mine.watching) return;
  mine.watching = true;
  for (let job; (job = mine.oldest ? await adopt(mine.oldest) : mine.jobs.values().next().value);) {
    settle(job, await follow(job.jobId, job.reply, { token: stored.conversation?.token, signal: mine.end.signal }));
    mine.jobs.delete(job.jobId);
    if (mine.oldest) await look();
  }
  mine.watching = false;
}

/** @param {string} jobId one that perhaps only the server knows */
async function adopt(jobId) {
  const known = session.jobs.get(jobId);
  if (known) return known;
  /** @type {JobView} */
  const { messageId } = await get(`/api/jobs/${jobId}`, tell);
  return addJob(jobId, messageId);
}

/** @param {string} jobId @param {string} messageId */
function addJob(jobId, messageId) {
  const known = session.jobs.get(jobId);
  if (known) return known;
  const asked = session.bubbles.get(messageId);
  const reply = newBubble("ai", "");
  const job = { jobId, asked, reply };
  reply.element.ariaBusy = "true";
  if (session.jobs.size > 0) reply.note("Waits for the answer above");
  offer(reply, "Stop", () => run(() => stop(job)));
  if (asked) asked.element.after(reply.element);
  else log.append(reply.element);
  session.jobs.set(jobId, job);
  return job;
}

/** @param {Job} job @param {JobView} view as it ended */
function settle({ asked, reply }, view) {
  if (view.error?.code === "deleted") throw new Refusal(404, view.error.message);
  if (document.activeElement === reply.button) focusNext();
  const shown = view.reply && session.bubbles.get(view.reply.id);
  // It ended between the look at the job and the look at the history.
  if (shown && shown !== reply) return reply.element.remove();
  if (view.reply) session.bubbles.set(view.reply.id, reply);
  showEnd(reply, view);
  if (view.status !== "failed" || !asked) return;
  offer(reply, "Ask again", () => {
    reply.button.hidden = true;
    send(asked.text.data);
  });
}

/** @param {Job} job */
async function stop(job) {
  const { note, button } = job.reply;
  if (document.activeElement === button) focusNext();
  button.disabled = true;
  note("Stopping …");
  try {
    /** @type {JobView | null} */
    const view = await ask("DELETE", `/api/jobs/${job.jobId}`);
    if (view?.status !== "cancelled") return;
    // A queued one has ended with this, and perhaps nobody follows it yet.
    session.jobs.delete(job.jobId);
    settle(job, view);
  } catch (error) {
    // Ended meanwhile: its events say how.
    if (error instanceof Refusal && error.status === 409) return;
    if (!(error instanceof Refusal) || error.gone) throw error;
    note(error.message);
    button.disabled = false;
  }
}

async function erase() {
  const mine = session;
  mine.erasing = true;
  await ask("DELETE", `/api/conversations/${stored.conversation?.id}`).catch((/** @type {unknown} */ error) => {
    mine.erasing = false;
    throw error;
  });
  startAnew("The conversation was deleted.");
}

/** @param {string} words why */
function startAnew(words) {
  const unsent = session.erasing ? [] : stored.unsent;
  store({ conversation: null, unsent: [] });
  open();
  giveBack(unsent.map(({ message }) => message));
  tell(words);
  focusNext();
}

/** @template Answer @param {string} path @param {Note} show @returns {Promise<Answer>} */
function get(path, show) {
  return insist({ method: "GET", path, token: stored.conversation?.token }, session.end.signal, show);
}

/** @template Answer @param {string} method @param {string} path @returns {Promise<Answer>} */
function ask(method, path) {
  return call({ method, path, token: stored.conversation?.token }, session.end.signal);
}

/** Does what nobody waits for; its errors are said here. @param {() => Promise<void>} work */
function run(work) {
  const { signal } = session.end;
  work().catch((/** @type {unknown} */ error) => {
    if (signal.aborted) return;
    if (!(error instanceof Refusal)) {
      tell("Something went wrong on this page. Please reload it.");
      throw error;
    }
    if (!error.gone || !stored.conversation) return tell(error.message);
    startAnew(
      error.status === 404 ? "The conversation was deleted." : "This conversation can no longer be opened here.",
    );
  });
}
