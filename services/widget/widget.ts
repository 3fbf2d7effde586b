import { defineParleyChat } from "./element/define.ts";
import { attributeNames } from "./element/settings.ts";

/** Where the widget's files are, with a slash at its end: the bundler puts it in. */
declare const parleyFiles: string;

/**
 * `/widget.js`: defines `<parley-chat>`, and puts one in the corner of the page if its script tag has any `data-*` of
 * the element's attributes. The tag is known only while this runs for the first time, not in what it calls later.
 */
const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
const wanted = attributeNames.flatMap((name) => {
  const value = script?.getAttribute(`data-${name}`);
  return value === null || value === undefined ? [] : [{ name, value }];
});

defineParleyChat(new URL("..", parleyFiles).href);
if (wanted.length > 0) {
  if (document.body === null) document.addEventListener("DOMContentLoaded", putOnPage, { once: true });
  else putOnPage();
}

/** Once, also where a tag manager brings the script a second time. */
function putOnPage(): void {
  if (document.querySelector("parley-chat:not([position=inline])") !== null) return;
  const chat = document.createElement("parley-chat");
  for (const { name, value } of wanted) if (value !== "false" || name !== "open") chat.setAttribute(name, value);
  document.body.append(chat);
}
