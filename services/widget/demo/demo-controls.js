// @ts-check
/** What the visitor works with: the composer, the choice of assistant, the buttons above. */

import { find, newButton } from "./demo-view.js";

/** @import { AssistantInfo } from "../../../shared/protocol/service.ts" */

/**
 * @typedef {object} Actions
 * @property {(message: string) => void} send trimmed, not empty
 * @property {() => void} startAnew
 * @property {() => void} erase confirmed by the visitor
 * @property {(type: string) => void} choose an assistant
 */

const input = find("#message", HTMLTextAreaElement);
const choice = find("#assistant", HTMLSelectElement);
const deleteButton = find("#delete", HTMLButtonElement);

/** @param {Actions} actions */
export function wireControls({ send, startAnew, erase, choose }) {
  find("#composer", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const message = input.value.trim();
    input.value = "";
    if (message) send(message);
  });
  input.addEventListener("keydown", (event) => {
    // While an input method composes, Enter is its own.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    input.form?.requestSubmit();
  });
  choice.addEventListener("change", () => choose(choice.value));
  find("#new", HTMLButtonElement).addEventListener("click", startAnew);
  const confirmation = find("#confirm", HTMLDialogElement);
  deleteButton.addEventListener("click", () => {
    confirmation.returnValue = "";
    confirmation.showModal();
  });
  confirmation.addEventListener("close", () => {
    if (confirmation.returnValue === "delete") erase();
  });
}

/** Where the focus goes when what had it is gone: to the composer, but not where that would raise a keyboard unasked. */
export function focusNext() {
  if (matchMedia("(hover: hover)").matches) input.focus();
  else if (document.activeElement !== input) find("#log", HTMLElement).focus({ preventScroll: true });
}

/** Puts texts before what is being written. @param {readonly string[]} texts */
export function giveBack(texts) {
  input.value = [...texts, input.value].filter(Boolean).join("\n");
}

/** @param {boolean} possible whether there is a conversation to delete */
export function offerDelete(possible) {
  deleteButton.disabled = !possible;
}

/** @returns {string | undefined} the type of the assistant that is chosen, once they are known */
export function chosenAssistant() {
  return choice.value || undefined;
}

/**
 * Shows the assistants, and what the chosen one says to a newcomer.
 * @param {readonly AssistantInfo[]} assistants @param {string} type @param {(suggestion: string) => void} send
 */
export function showAssistants(assistants, type, send) {
  choice.replaceChildren(...assistants.map((assistant) => new Option(assistant.name, assistant.type)));
  choice.disabled = assistants.length < 2;
  const chosen = assistants.find((assistant) => assistant.type === type) ?? assistants[0];
  if (!chosen) return;
  choice.value = chosen.type;
  find("#greeting", HTMLElement).textContent = chosen.greeting ?? chosen.name;
  find("#description", HTMLElement).textContent = chosen.description;
  const chips = (chosen.suggestions ?? []).map((words) => newButton(words, () => send(words)));
  find("#suggestions", HTMLElement).replaceChildren(...chips);
}
