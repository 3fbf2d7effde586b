import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe } from "vitest";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import type { ApiClient } from "./api-client.ts";
import { type Backend, type Product, type ProductOptions, startProduct } from "./product.ts";
import { type SharedProducts, withSharedProducts } from "./shared-product.ts";

const backends: readonly Backend[] = ["postgres", "redis"];

type Tests = (product: () => Product, backend: Backend) => void;

/** Declares the same tests for each backend, around a product of their own that runs for all of them. */
export function onEachBackend(title: string, options: Omit<ProductOptions, "backend">, tests: Tests): void {
  declareOnEach(title, (backend) => startProduct({ backend, ...options }), tests);
}

/**
 * Like {@link onEachBackend}, with both backends at the same time: for tests that mostly wait, for a lease to end, say.
 * On each backend they run one after another. What they share between the backends they tell apart by ids of their own.
 */
export function onBackendsSideBySide(title: string, options: Omit<ProductOptions, "backend">, tests: Tests): void {
  describe("both backends", { concurrent: true }, () => {
    onEachBackend(title, options, (product, backend) => {
      describe("in order", { concurrent: false }, () => {
        tests(product, backend);
      });
    });
  });
}

/**
 * Declares the same tests for each backend, on products that the files of a Vitest worker use one after the other.
 * Rows stay from file to file: a test looks at its own alone. The tests end what they begin, and leave the processes,
 * the stores and the environment as they are; what they start with `startApi` and `startWorker` ends with them.
 */
export function onSharedProducts(title: string, tests: Tests): void {
  declareOnEach(title, (backend, sharedProducts) => sharedProducts.lend(backend), tests);
}

function declareOnEach(
  title: string,
  open: (backend: Backend, sharedProducts: SharedProducts) => Promise<Product>,
  tests: Tests,
): void {
  for (const backend of backends) {
    describe.skipIf(backend === "redis" && !redisAvailable)(`${title}, on ${backend}`, () => {
      let product: Product | undefined;
      withSharedProducts.beforeAll(async ({ sharedProducts }) => {
        product = await open(backend, sharedProducts);
      });
      afterAll(() => product?.[Symbol.asyncDispose]());
      afterEach(({ task }) => {
        if (task.result?.state === "fail")
          console.error(`${task.name}:\n${product && withoutRequests(product.output())}`);
      });
      tests(() => {
        if (product === undefined) throw new Error("the product has not started");
        return product;
      }, backend);
    });
  }
}

/** Removes request lines: hundreds of them do not explain a failed test. */
function withoutRequests(output: string): string {
  return output
    .split("\n")
    .filter((line) => !line.includes('"msg":"request"'))
    .join("\n");
}

/**
 * Bounds of the interval of checks, which is a tenth of the wait so far: many checks are requests or queries, and a long
 * wait made of hundreds of them costs more than what it waits for.
 */
const lookEveryMs = { least: 20, most: 100 };

/**
 * Polls until the value is neither `undefined` nor `false`.
 * @throws after `limitMs`, naming the missing event
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 10_000,
): Promise<T> {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const waitedMs = performance.now() - began;
    if (waitedMs > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(Math.min(Math.max(waitedMs / 10, lookEveryMs.least), lookEveryMs.most));
  }
}

/** Waits until health counts that many workers: it counts now and then, and a first count may be older than a worker. */
export async function untilWorkersAreCounted(client: ApiClient, workers: number): Promise<void> {
  await eventually(`health counts ${workers} workers`, async () => {
    const { status, queue } = (await client.request("/health")).body as { status: string; queue: { workers: number } };
    return status === "healthy" && queue.workers === workers;
  });
}
