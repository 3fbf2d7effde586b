import { HttpConnection } from "../../clients/http-connection.ts";
import { percentile } from "../../statistics.ts";
import type { Parley } from "../../testbed/parley.ts";

const searches = 50;

/**
 * Searches all conversations again and again, as the console does.
 * @returns the median, in milliseconds
 */
export async function timeSearches(
  { origin }: Parley,
  { text, password, finds }: { text: string; password: string; finds: boolean },
): Promise<number> {
  const connection = new HttpConnection(origin);
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  const path = `/api/operator/search?q=${encodeURIComponent(text)}`;
  const times: number[] = [];
  for (let made = 0; made < searches; made += 1) {
    const began = performance.now();
    const answer = await connection.request({ path, headers: { authorization } });
    times.push(performance.now() - began);
    if (answer.status !== 200) throw new Error(`the search was answered with ${answer.status}: ${answer.text}`);
    const { conversations } = JSON.parse(answer.text) as { conversations: unknown[] };
    if (conversations.length > 0 !== finds) throw new Error(`"${text}" found ${conversations.length} conversations`);
  }
  await connection.destroy();
  return percentile(times, 0.5);
}
