import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Random } from "../random.ts";

/** How an endpoint can be asked what became of a call: by the same key again, by a status, or not at all. */
export const repeats = ["key", "status", "never"] as const;
export type Repeat = (typeof repeats)[number];

/** Ways in which the shop answers a change. All but those in `certain` leave the caller in doubt. */
const behaviours = [
  "well",
  "well",
  "well",
  "refused",
  "lost",
  "slow",
  "broken after it",
  "broken before it",
  "nothing done",
  "garbage",
  "too long",
  "redirected",
  "turned away",
  "away after it",
] as const;
export type ShopBehaviour = (typeof behaviours)[number];

/** Answers from which the caller knows the outcome, or is told a lie that nobody can see. */
const certain: ReadonlySet<ShopBehaviour> = new Set(["well", "refused", "nothing done", "too long", "turned away"]);

/** Entry of the shop's ledger for one key. */
export interface ShopEntry {
  repeat: Repeat;
  order: string;
  /** Each request to make the change, with its answer. */
  requests: ShopBehaviour[];
  /** How often the change was made. */
  changes: number;
}

export interface HostileShop extends AsyncDisposable {
  readonly port: number;
  /** Its own ledger, by the key of each call. */
  readonly ledger: ReadonlyMap<string, ShopEntry>;
  /** Questions about a key, also about one that never arrived. */
  readonly questions: ReadonlyMap<string, number>;
  /** True if it shut its door between two moments: a connection that waited before it ends, and its caller cannot know what it brought. */
  readonly wasShut: (from: number, to: number) => boolean;
  /** Ends all faults. */
  heal(): void;
}

/** Statuses by which a server in front of the shop turns a call away. */
const gatewayStatuses = [401, 404, 429] as const;

/** Time without anybody at the shop's address. */
const awayMs = 400;

/** Time after which a slow answer comes: longer than the limit of the tools. */
export const slowMs = 1500;

/** True if a caller cannot know from this answer whether the change was made. */
export function leavesDoubt(behaviour: ShopBehaviour): boolean {
  return !certain.has(behaviour);
}

/**
 * A shop whose endpoints fail in all ways while it keeps an exact ledger: `POST /cancel/:repeat/:order`, and
 * `GET /status/status/:order`. It honours the key where the tool says so.
 */
export async function startHostileShop(random: Random): Promise<HostileShop> {
  const ledger = new Map<string, ShopEntry>();
  const questions = new Map<string, number>();
  const shutAt: number[] = [];
  let [well, isAway] = [false, false];
  const leave = () => {
    if (isAway) return;
    isAway = true;
    shutAt.push(Date.now());
    server.close();
    setTimeout(() => server.listen(port, "127.0.0.1", () => (isAway = false)), awayMs);
  };
  const server = createServer((req, res) => {
    const key = String(req.headers["idempotency-key"]);
    const [, what = "", repeat = "", order = ""] = req.url?.split("/") ?? [];
    const entry = ledger.get(key) ?? { repeat: repeat as Repeat, order, requests: [], changes: 0 };
    if (what === "status") {
      questions.set(key, (questions.get(key) ?? 0) + 1);
      answerQuestion(res, ledger.get(key), well || random.chance(0.6));
      return;
    }
    ledger.set(key, entry);
    const isRepetition = repeat === "key" && entry.changes > 0;
    const picked = well ? "well" : random.pick(behaviours);
    // A deed that was done under a key is not refused under it.
    const behaviour = isRepetition && picked === "refused" ? "well" : picked;
    entry.requests.push(behaviour);
    if (doesIt(behaviour) && !isRepetition) entry.changes += 1;
    if (behaviour === "away after it") leave();
    if (behaviour === "turned away") res.writeHead(random.pick(gatewayStatuses)).end();
    else answerChange(res, req, behaviour);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    ledger,
    questions,
    wasShut: (from, to) => shutAt.some((at) => from <= at && at <= to),
    heal: () => void (well = true),
    [Symbol.asyncDispose]: async () => {
      if (isAway) await once(server, "listening");
      server.close();
      server.closeAllConnections();
    },
  };
}

function doesIt(behaviour: ShopBehaviour): boolean {
  return !["refused", "broken before it", "nothing done", "redirected", "turned away"].includes(behaviour);
}

function answerQuestion(res: ServerResponse, entry: ShopEntry | undefined, works: boolean): void {
  if (!works) res.writeHead(503).end();
  else if (entry === undefined) res.writeHead(404).end();
  else res.writeHead(200).end(JSON.stringify({ state: entry.changes > 0 ? "done" : "failed" }));
}

function answerChange(
  res: ServerResponse,
  req: IncomingMessage,
  behaviour: Exclude<ShopBehaviour, "turned away">,
): void {
  switch (behaviour) {
    case "well":
    case "nothing done":
      res.writeHead(200).end('{"state":"cancelled"}');
      return;
    case "refused":
      res.writeHead(422).end('{"error":"it was sent already"}');
      return;
    case "lost":
    case "away after it":
      req.socket.destroy();
      return;
    case "slow":
      setTimeout(() => res.writeHead(200).end("{}"), slowMs).unref();
      return;
    case "broken after it":
    case "broken before it":
      res.writeHead(500).end("a mistake");
      return;
    case "garbage":
      req.socket.end("this is no answer\r\n\r\n");
      return;
    case "too long":
      res.writeHead(200).end(Buffer.alloc(10 * 2 ** 20, " "));
      return;
    case "redirected":
      res.writeHead(302, { location: "/elsewhere" }).end();
  }
}
