import { randomUUID } from "node:crypto";
import { submit } from "./visitors.ts";
import { HttpConnection } from "./http-connection.ts";

/** A chat with an endless reply, and its reader. */
export interface EndlessChat {
  path: string;
  token?: string;
}

/** Sends a message to Parley. */
export async function holdParley(connection: HttpConnection): Promise<EndlessChat> {
  const { links, token } = await submit(connection);
  return { path: links.events, token };
}

/** Sends a message to the floor. */
export async function holdFloor(connection: HttpConnection): Promise<EndlessChat> {
  const body = JSON.stringify({ conversationId: randomUUID(), message: "Hello there", follow: true });
  const { status, text } = await connection.request({ method: "POST", path: "/chat", body });
  if (status !== 202) throw new Error(`POST /chat: ${status}`);
  return { path: `/events/${(JSON.parse(text) as { id: string }).id}` };
}

/** Maximum openings in flight: a burst of thousands is another scenario. */
const atOnce = 32;

/** @returns that many chats, in the order of their messages */
export async function holdMany(
  origin: string,
  count: number,
  hold: (connection: HttpConnection) => Promise<EndlessChat>,
): Promise<EndlessChat[]> {
  return inParallel(count, atOnce, async () => {
    const connection = new HttpConnection(origin);
    try {
      return await hold(connection);
    } finally {
      await connection.destroy();
    }
  });
}

export async function inParallel<T>(count: number, most: number, work: (place: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let place = next++; place < count; place = next++) results[place] = await work(place);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}

/** One reader of an event stream, until it is closed. */
export interface Reader {
  /** Resolves at the first event. */
  begun: Promise<void>;
  /** True if the stream ended without being closed by us. */
  dropped: () => boolean;
  close(): Promise<void>;
}

/** @param lastEventId sent as a browser does when it reconnects */
export function openReader(
  origin: string,
  { path, token }: EndlessChat,
  onText: (text: string) => void,
  lastEventId?: string,
): Reader {
  const connection = new HttpConnection(origin);
  const begun = Promise.withResolvers<void>();
  let closing = false;
  let dropped = false;
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
  };
  const hear = (text: string) => {
    if (text.includes("event: ")) begun.resolve();
    onText(text);
  };
  const ended = (error?: unknown) => {
    dropped ||= !closing;
    begun.reject(new Error(`the stream ${path} ended`, { cause: error }));
  };
  begun.promise.catch(() => undefined);
  connection.stream({ path, headers }, hear).then(() => ended(), ended);
  return {
    begun: begun.promise,
    dropped: () => dropped,
    close: () => {
      closing = true;
      return connection.destroy();
    },
  };
}
