import { parentPort, workerData } from "node:worker_threads";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";

/** Page that a test can kill: runs in a thread of its own, sends a message, and reports the text of its reply. */
const { browser, server, message } = workerData as { browser: string; server: string; message: string };
const page = new ChatPage(new FakeBrowser(browser), server);
page.chat.subscribe(({ messages }) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(messages[1]?.text);
});
page.chat.send(message);
