import { type ConversationRef, ApiClient } from "../system/harness/api-client.ts";

/** Number of chats in one conversation. */
const turns = 8;
/** One in this many streams is cut in the middle of its reply and resumed; one in this many chats waits or polls. */
const cutEvery = 4;
const waitEvery = 5;
const message = "Hello there, where is my order? I have been waiting for it since Monday.";

/** Chats in all ways open to a client: streams, cut streams, and requests that wait. */
export class SoakVisitor {
  readonly #client: ApiClient;
  #conversation: ConversationRef | undefined;
  #sent = 0;

  constructor(origin: string) {
    this.#client = new ApiClient(origin);
  }

  /** @param number distinguishes it from all others of the soak */
  async chat(number: number): Promise<void> {
    if (this.#sent++ % turns === 0) this.#conversation = undefined;
    const job = await this.#client.submit(`soak ${number}: ${message}`, { to: this.#conversation });
    this.#conversation = job;
    if (number % waitEvery === 0) {
      const ended = await this.#client.ended(job);
      if (ended.status !== "completed") throw new Error(`chat ${number} has ${ended.status}`);
      return;
    }
    let stream = await this.#client.events(job);
    if (number % cutEvery === 0) {
      await stream.until(({ text, terminal }) => text !== "" || terminal !== undefined);
      if (!stream.terminal) {
        await stream.close();
        stream = await this.#client.events(job, { lastEventId: stream.lastEventId, text: stream.text });
      }
    }
    await stream.ended;
    if (stream.terminal?.event !== "done") throw new Error(`chat ${number} ended with ${stream.terminal?.event}`);
    if (stream.terminal.data.reply?.text !== stream.text) throw new Error(`chat ${number} was shown another text`);
  }
}
