// @ts-check
/** Opens a conversation in this browser, once the visitor has clicked: nothing else sends the token of the link. */

/** @import { OpenedByMail } from "../../../shared/protocol/people/mail.ts" */

const button = /** @type {HTMLButtonElement} */ (document.querySelector("button"));
const asked = new URLSearchParams(location.search);
const token = asked.get("t");
/** Set in the address once this browser has a conversation, so that a reload shows it again. */
const opened = asked.get("assistant");
const home = new URL("..", location.href);

if (token) {
  button.disabled = false;
  button.addEventListener("click", () => void open());
} else if (opened) showChat(opened);
else say("broken");

async function open() {
  button.disabled = true;
  say(undefined);
  const answer = await ask().catch(() => undefined);
  if (answer?.ok) return keep(/** @type {OpenedByMail} */ (await answer.json()));
  const isFinal = answer !== undefined && [400, 403, 410].includes(answer.status);
  button.disabled = isFinal;
  say(!isFinal ? "failed" : answer.status === 410 ? "ended" : "broken");
}

function ask() {
  return fetch(new URL("api/mail/open", home), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
}

/**
 * Stores access to the conversation as the chat would store it itself, so that it finds it here, and on other pages of this
 * origin.
 * @param {OpenedByMail} answer
 */
function keep({ conversationId, assistantType, token: access }) {
  const name = [server(), attributeOf(assistantType), ""].map(encodeURIComponent).join("/");
  try {
    localStorage.setItem(`parley/1/${name}/conversation`, JSON.stringify({ conversationId, token: access }));
  } catch {
    return say("failed");
  }
  // The link is not to stay in the history of the browser.
  history.replaceState(null, "", `${location.pathname}?${new URLSearchParams({ assistant: assistantType })}`);
  showChat(assistantType);
}

/** @param {string} assistantType */
function showChat(assistantType) {
  const chat = document.createElement("parley-chat");
  const assistant = attributeOf(assistantType);
  if (assistant !== "") chat.setAttribute("assistant", assistant);
  for (const [attribute, value] of Object.entries({ server: server(), position: "inline", open: "" })) {
    chat.setAttribute(attribute, value);
  }
  document.querySelector("main")?.replaceChildren(chat);
  const script = document.createElement("script");
  script.src = new URL("widget.js", home).href;
  document.head.append(script);
}

function server() {
  return home.href.replace(/\/+$/, "");
}

/**
 * Attribute of the chat, as the line to embed it has it: without one, the assistant is the default one.
 * @param {string} assistantType
 */
function attributeOf(assistantType) {
  return assistantType === "default" ? "" : assistantType;
}

/**
 * Shows one of the texts that the page holds.
 * @param {"ended" | "broken" | "failed" | undefined} name
 */
function say(name) {
  for (const text of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-said]"))) {
    text.hidden = text.dataset["said"] !== name;
  }
}
