import { ParleyChat } from "./element/parley-chat.ts";
import { defineParleyChat as define } from "./element/define.ts";

/** `/widget/element.js`: for pages that import the element. Importing it defines nothing. */
export { ParleyChat };

/** Makes `<parley-chat>` known to the page. @param home the server; by default the one that this module came from */
export function defineParleyChat(home = new URL("..", import.meta.url).href): void {
  define(home);
}
