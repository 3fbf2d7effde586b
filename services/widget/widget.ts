import { defineElement } from "./element/define.ts";
import { keepOnPage } from "./element/keep-on-page.ts";
import { attributeNames } from "./element/settings.ts";

/** Address of the widget's files, with a slash at its end; inserted by the bundler. */
declare const parleyFiles: string;

/**
 * Script `/widget.js`: defines `<parley-chat>`, and adds one in the corner of the page if its script tag has any
 * `data-*` of the element's attributes, or its address a parameter of that name: tag managers keep only the address. The
 * tag is known only during the first run of the script, not in its later callbacks.
 */
const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
const parameters = new URL(script?.getAttribute("src") ?? "", document.baseURI).searchParams;
const wanted = attributeNames.flatMap((name) => {
  const value = script?.getAttribute(`data-${name}`) ?? parameters.get(name);
  return value === null ? [] : [{ name, value }];
});

defineElement(new URL("..", parleyFiles).href);
if (wanted.length > 0) {
  if (document.body === null) document.addEventListener("DOMContentLoaded", addToPage, { once: true });
  else addToPage();
}

/** Adds the element once, even if a tag manager inserts the script a second time. */
function addToPage(): void {
  if (document.querySelector("parley-chat:not([position=inline])") !== null) return;
  const chat = document.createElement("parley-chat");
  for (const { name, value } of wanted) if (value !== "false" || name !== "open") chat.setAttribute(name, value);
  // Turbo, which changes a body step by step as well, leaves such an element in place.
  chat.toggleAttribute("data-turbo-permanent", true);
  document.body.append(chat);
  keepOnPage(chat);
}
