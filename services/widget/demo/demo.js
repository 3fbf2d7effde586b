// @ts-check
/** Settings of the demo page: each is an attribute of `<parley-chat>`, and part of the page's address. */

/** @import { assistants } from "../../../shared/protocol/service.ts" */
/** @import { z } from "zod" */

const chat = element("chat", HTMLElement);
const embed = element("embed", HTMLElement);
const copied = element("copied", HTMLElement);
const selects = ["assistant", "theme", "lang", "color"].map((id) => element(id, HTMLSelectElement));

for (const select of selects) select.addEventListener("change", apply);
element("copy", HTMLButtonElement).addEventListener("click", () => void copy());
element("ask", HTMLButtonElement).addEventListener("click", () => chat.setAttribute("open", ""));
await listAssistants();
readAddress();
apply();

/** Lists the assistants; if that fails, the chat works with the default one. */
async function listAssistants() {
  try {
    const response = await fetch("/api/assistants");
    const known = /** @type {z.output<typeof assistants>} */ (await response.json());
    const options = known.assistants.map(({ type, name }) => new Option(name, type === "default" ? "" : type));
    element("assistant", HTMLSelectElement).replaceChildren(...options);
  } catch {
    element("assistant", HTMLSelectElement).replaceChildren(new Option("default", ""));
  }
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const select of selects) {
    const wanted = query.get(select.name) ?? "";
    select.value = [...select.options].some(({ value }) => value === wanted) ? wanted : "";
  }
}

function apply() {
  const chosen = selects.flatMap(({ name, value }) => (value === "" ? [] : [{ name, value }]));
  for (const { name } of selects) {
    const value = chosen.find((each) => each.name === name)?.value;
    if (value === undefined) chat.removeAttribute(name);
    else chat.setAttribute(name, value);
  }
  document.documentElement.dataset["theme"] = chosen.find(({ name }) => name === "theme")?.value ?? "";
  const query = new URLSearchParams(chosen.map(({ name, value }) => [name, value]));
  history.replaceState(null, "", query.size > 0 ? `?${query}` : location.pathname);
  // At least one attribute: without any, the script adds nothing to a page.
  const attributes = chosen.some(({ name }) => name === "assistant")
    ? chosen
    : [{ name: "assistant", value: "default" }, ...chosen];
  const data = attributes.map(({ name, value }) => `data-${name}="${value}"`).join(" ");
  embed.textContent = `<script src="${location.origin}/widget.js" ${data} async></script>`;
  copied.textContent = "";
}

async function copy() {
  const line = embed.textContent ?? "";
  try {
    await navigator.clipboard.writeText(line);
    copied.textContent = "Copied";
  } catch {
    // Denied, or missing outside secure pages: select the text, so that the visitor can copy it.
    getSelection()?.selectAllChildren(embed);
    copied.textContent = "Press Ctrl+C";
  }
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${id}`);
  return found;
}
