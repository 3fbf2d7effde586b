import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { demoOrderStates } from "../../../shared/sites/demo-shop-texts.ts";

/** Answer of the demo shop's endpoint. */
interface ShopAnswer {
  status: number;
  /** JSON, or a sentence for the visitor where it is no success. */
  body: string;
}

const kept = z.object({
  port: z.int().optional(),
  cancelled: z.array(z.string()).default([]),
  answers: z.array(z.tuple([z.string(), z.object({ status: z.int(), body: z.string() })])).default([]),
});

/** Answers that are kept for their keys. Parley asks again within two minutes. */
const maxAnswers = 1000;

const items = "2 × Morning cup, 1 × Rain teapot (€134)";

type OrderState = keyof typeof demoOrderStates;

/** Orders of the demo shop: 1000 to 1999. They stay as they were left, also over a restart. */
export class DemoOrders {
  readonly #path: string;
  #kept: z.output<typeof kept>;

  /** @param path file of what has changed; it is made by the first change */
  constructor(path: string) {
    this.#path = path;
    this.#kept = kept.parse(readKept(path));
  }

  /** Port of the last run: a card that waits is for a tool at this address. */
  get port(): number | undefined {
    return this.#kept.port;
  }

  keepPort(port: number): void {
    this.#keep({ ...this.#kept, port });
  }

  read(order: string): ShopAnswer {
    const state = this.#stateOf(order);
    if (state === undefined) return { status: 404, body: `There is no order ${order}.` };
    return ok({ order, items, state: demoOrderStates[state] });
  }

  /** Cancels an order. Under the same key it is done once, and answered in the same way. */
  cancel(order: string, key: string): ShopAnswer {
    const known = this.#kept.answers.find(([each]) => each === key)?.[1];
    if (known) return known;
    const state = this.#stateOf(order);
    if (state === undefined) return this.read(order);
    const isOpen = state === "packing";
    const given = isOpen
      ? ok({ order, state: demoOrderStates.cancelled })
      : { status: 422, body: `Order ${order} cannot be cancelled. ${demoOrderStates[state].en}` };
    const { cancelled, answers } = this.#kept;
    this.#keep({
      ...this.#kept,
      cancelled: isOpen ? [...cancelled, order] : cancelled,
      answers: [...answers.slice(1 - maxAnswers), [key, given]],
    });
    return given;
  }

  #stateOf(order: string): OrderState | undefined {
    if (!/^1\d{3}$/.test(order)) return undefined;
    if (this.#kept.cancelled.includes(order)) return "cancelled";
    const digit = Number(order.at(-1));
    if (digit < 6) return "packing";
    return digit < 8 ? "sent" : "delivered";
  }

  /** On disk first: what is answered is kept. No two requests can mix, as nothing here waits. */
  #keep(next: z.output<typeof kept>): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify(next));
    renameSync(`${this.#path}.new`, this.#path);
    this.#kept = next;
  }
}

function readKept(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // Absent, or damaged: the shop is made up, and begins anew.
    return {};
  }
}

function ok(body: object): ShopAnswer {
  return { status: 200, body: JSON.stringify(body) };
}
