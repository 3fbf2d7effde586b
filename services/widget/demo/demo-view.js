// @ts-check
/** What the page shows. All that anybody wrote is shown as text, never as markup. */

/** @import { MessageView } from "../../../shared/protocol/conversation.ts" */

/**
 * @typedef {(words: string, count?: string) => void} Note shows a line; `count` is for the eye only, not read out
 * @typedef {{ element: HTMLElement, text: Text, note: Note, button: HTMLButtonElement }} Bubble a message
 */

/** How far from its end, in pixels, a reader still counts as being there. */
const endZone = 40;

/**
 * @template {Element} Kind
 * @param {string} selector @param {new () => Kind} kind @param {ParentNode} [within]
 * @returns {Kind} @throws {Error} when the page has no such element
 */
export function find(selector, kind, within = document) {
  const element = within.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`The page lacks ${selector}`);
}

/** @param {"user" | "ai"} sender @param {string} words @returns {Bubble} not yet on the page */
export function newBubble(sender, words) {
  const template = find("#bubble", HTMLTemplateElement).content.cloneNode(true);
  const element = find(".message", HTMLElement, /** @type {DocumentFragment} */ (template));
  const text = new Text(words);
  element.classList.add(sender);
  find(".sender", HTMLElement, element).textContent = sender === "user" ? "You: " : "Assistant: ";
  find(".text", HTMLElement, element).append(text);
  return { element, text, note: noteIn(element), button: find("button", HTMLButtonElement, element) };
}

/** Shows what a whole reply has between double asterisks in bold: of Markdown's marks, the one that hurts most as it is. @param {Bubble} bubble */
export function embolden({ element, text }) {
  const parts = text.data.split(/\*\*(?=\S)([^*\n]+)\*\*/).map((part, i) => {
    if (i % 2 === 0) return part;
    const bold = document.createElement("strong");
    bold.textContent = part;
    return bold;
  });
  find(".text", HTMLElement, element).replaceChildren(...parts);
}

/**
 * Adds what is missing of a piece of the conversation.
 * @param {readonly MessageView[]} messages oldest first @param {Map<string, Bubble>} shown by message id
 * @param {Element} above what stands above all messages
 */
export function showMessages(messages, shown, above) {
  let last = above;
  for (const { id, sender, text } of messages) {
    let bubble = shown.get(id);
    if (!bubble) {
      bubble = newBubble(sender, text);
      if (sender === "ai") embolden(bubble);
      shown.set(id, bubble);
      last.after(bubble.element);
    }
    last = bubble.element;
  }
}

/** @param {HTMLElement} element @returns {Note} */
export function noteIn(element) {
  const [wordsAt, countAt] = [find(".words", HTMLElement, element), find(".count", HTMLElement, element)];
  return (words, count = "") => {
    // The same words again would be read out again.
    if (wordsAt.textContent !== words) wordsAt.textContent = words;
    countAt.textContent = count;
  };
}

/** @param {string} words @param {() => void} act */
export function newButton(words, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words;
  button.addEventListener("click", act);
  return button;
}

/** Gives a message its one button, in place of any other. @param {Bubble} bubble @param {string} words @param {() => void} act */
export function offer(bubble, words, act) {
  const button = newButton(words, act);
  bubble.button.replaceWith(button);
  bubble.button = button;
}

/**
 * Keeps a reader who is at the end of the log there, and leaves any other where they are.
 * @param {HTMLElement} log @param {HTMLButtonElement} latest shown to readers who are elsewhere
 * @returns {() => void} brings the reader to the end
 */
export function stickToEnd(log, latest) {
  let atEnd = true;
  const toEnd = () => {
    atEnd = true;
    latest.hidden = true;
    log.scrollTop = log.scrollHeight;
  };
  const stay = () => {
    if (atEnd) toEnd();
  };
  log.addEventListener("scroll", () => {
    atEnd = log.scrollHeight - log.clientHeight - log.scrollTop < endZone;
    latest.hidden = atEnd;
  });
  latest.addEventListener("click", toEnd);
  new MutationObserver(stay).observe(log, { childList: true, subtree: true, characterData: true });
  new ResizeObserver(stay).observe(log);
  return toEnd;
}
