// @ts-check
/** Opens a conversation in this browser, once the visitor has clicked: nothing else sends the token of the link. */

/** @import { OpenedByMail } from "../../../shared/protocol/people/mail.ts" */

const button = /** @type {HTMLButtonElement} */ (document.querySelector("button"));
const token = new URLSearchParams(location.search).get("t");
const home = new URL("..", location.href);

if (token) {
  button.disabled = false;
  button.addEventListener("click", () => void open());
} else say("broken");

async function open() {
  button.disabled = true;
  say(undefined);
  const answer = await ask().catch(() => undefined);
  if (answer?.ok) return show(/** @type {OpenedByMail} */ (await answer.json()));
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
 * Shows the chat on this page. It finds the conversation where it would have stored it itself, and so does a chat on
 * another page of this origin.
 * @param {OpenedByMail} opened
 */
function show({ conversationId, assistantType, token: access }) {
  // The link is not to stay in the history of the browser.
  history.replaceState(null, "", location.pathname);
  const server = home.href.replace(/\/+$/, "");
  // As the line to embed a chat has it: without a name it is the default one.
  const assistant = assistantType === "default" ? "" : assistantType;
  const name = [server, assistant, ""].map(encodeURIComponent).join("/");
  try {
    localStorage.setItem(`parley/1/${name}/conversation`, JSON.stringify({ conversationId, token: access }));
  } catch {
    return say("failed");
  }
  const chat = document.createElement("parley-chat");
  const attributes = { server, assistant, position: "inline", open: "" };
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute !== "assistant" || value !== "") chat.setAttribute(attribute, value);
  }
  document.querySelector("main")?.replaceChildren(chat);
  const script = document.createElement("script");
  script.src = new URL("widget.js", home).href;
  document.head.append(script);
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
