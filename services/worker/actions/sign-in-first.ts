import type { ToolResult } from "../providers/tools/tool.ts";

/**
 * Answer to a call of a tool that takes of the visitor's identity, where the message brought none. The tool is offered all
 * the same: the assistant can then say what a visitor has to do. Nothing of it is to be asked in the chat, where anybody
 * could claim it.
 */
export const signInFirst: ToolResult = {
  text: "Nothing was done: the visitor is not signed in. Ask them to sign in on this site, and to ask again then. Do not ask for their number, name or address instead: it cannot be used.",
  isError: false,
};
