import { test } from "vitest";
import { type Backend, describeOutput, type Product, startProduct } from "./product.ts";
import type { ServiceProcess } from "./processes.ts";

/**
 * Products that the files of one Vitest worker share, one for each backend: two APIs, one worker, the usual environment.
 * Each starts at its first use. Starting its processes takes most of the CPU time of a short file.
 */
export class SharedProducts implements AsyncDisposable {
  readonly #products = new Map<Backend, Product>();

  /**
   * Lends the product to one file. At the end of the loan, processes that the file has started are killed.
   * @throws at the end of the loan if one of the shared processes has ended; the next file gets a new product
   */
  async lend(backend: Backend): Promise<Product> {
    const product = this.#products.get(backend) ?? (await startProduct({ backend, apis: 2 }));
    this.#products.set(backend, product);
    const loan = lendOnce(product);
    return { ...loan, [Symbol.asyncDispose]: () => this.#takeBack(backend, product, loan) };
  }

  async #takeBack(backend: Backend, product: Product, loan: Product): Promise<void> {
    await loan[Symbol.asyncDispose]();
    if ([...product.apis, ...product.workers].every(({ running }) => running)) return;
    this.#products.delete(backend);
    await product[Symbol.asyncDispose]();
    throw new Error(`a process of the shared product has ended:\n${loan.output()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#products.values()].map((each) => each[Symbol.asyncDispose]()));
  }
}

/** A view of the product without the output and the calls before this moment. Its disposal ends what it started. */
function lendOnce(product: Product): Product {
  const shared = [...product.apis, ...product.workers].map((each) => ({ each, since: each.writtenChars }));
  const started: ServiceProcess[] = [];
  const keep = async (starting: Promise<ServiceProcess>) => {
    const process = await starting;
    started.push(process);
    return process;
  };
  return {
    ...product,
    provider: product.provider.anew(),
    startApi: (env) => keep(product.startApi(env)),
    startWorker: (env) => keep(product.startWorker(env)),
    startKnowledge: (env) => keep(product.startKnowledge(env)),
    output: () =>
      [
        ...shared.map(({ each, since }) => describeOutput(each, each.outputSince(since))),
        ...started.map((each) => describeOutput(each)),
      ].join("\n"),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.filter(({ running }) => running).map((each) => each.kill()));
    },
  };
}

/** Vitest's hooks with the shared products, which end with the Vitest worker. */
// oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern that this fixture uses no other one.
export const withSharedProducts = test.extend("sharedProducts", { scope: "worker" }, ({}, { onCleanup }) => {
  const products = new SharedProducts();
  onCleanup(() => products[Symbol.asyncDispose]());
  return products;
});
