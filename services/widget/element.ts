import { ParleyChat } from "./element/parley-chat.ts";
import { defineElement } from "./element/define.ts";

/** Module `/widget/element.js`, for pages that import the element. The import alone defines nothing. */
export { ParleyChat };

/**
 * Defines `<parley-chat>`.
 * @param defaultServer the server; by default the origin of this module
 */
export function defineParleyChat(defaultServer = new URL("..", import.meta.url).href): void {
  defineElement(defaultServer);
}
