import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pause } from "../async/pause.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { Logger } from "../logger.ts";
import type { ProviderInfo } from "../protocol/service.ts";
import { assistantsReloadMs } from "../tunables.ts";
import { type Assistants, assistantsPath, readAssistants } from "./assistants.ts";
import { withDemoShop } from "../sites/demo-shop.ts";
import { type Hours, hoursPath, readHours } from "../hours/hours.ts";
import type { NamedSecrets } from "../config/named-secrets.ts";
import { checkBudgets } from "./check-budgets.ts";
import { type Prices, pricesPath, readPrices } from "./prices.ts";
import { checkSecrets } from "./tools/check-secrets.ts";

type Paths = Record<"assistants" | "prices" | "hours", string>;

interface Files {
  assistants: Assistants;
  prices: Prices;
  hours: Hours | undefined;
}

interface Options {
  /** Providers whose models need a price where an assistant has a budget. */
  providers: () => readonly ProviderInfo[] | Promise<readonly ProviderInfo[]>;
  /** Secrets that tools may name. Absent: they are not checked, in a process that calls no tool. */
  secrets?: NamedSecrets;
  /** Says where the demo shop is, in development. */
  config?: Partial<Pick<Config, "DEMO_SHOP_URL">>;
  log: Logger;
  /** Folder of the files; by default that of the process. */
  folder?: string;
}

/**
 * Assistants, prices and hours as their files have them. Changed files are read again: checked together, and used together or
 * not at all. A reply takes its assistant at its start, so replies in progress do not change.
 */
export class AssistantsFile {
  readonly #options: Options;
  readonly #paths: Paths;
  #current: Files;
  /** Contents of the files in use, of those seen last, and of those judged last. */
  #used: string;
  #seen: string;
  #judged: string;

  private constructor(options: Options, contents: string, files: Files) {
    this.#options = options;
    this.#paths = pathsIn(options.folder);
    this.#current = files;
    this.#used = this.#seen = this.#judged = contents;
  }

  /**
   * Reads the files at the start of a process.
   * @throws {ConfigError} naming every fault
   */
  static async open(options: Options): Promise<AssistantsFile> {
    const paths = pathsIn(options.folder);
    const contents = await fingerprint(paths);
    const files = await readFiles(paths, options);
    return new AssistantsFile(options, contents, files);
  }

  get assistants(): Assistants {
    return this.#current.assistants;
  }

  get prices(): Prices {
    return this.#current.prices;
  }

  /** Hours in which people answer, if the site says any. */
  get hours(): Hours | undefined {
    return this.#current.hours;
  }

  /**
   * Looks at the files once a second. Reading them works where events of the file system do not: with a ConfigMap's
   * links, with editors that replace a file, and on network drives.
   * @returns a function that stops it
   */
  watch(): () => Promise<void> {
    const stopping = new AbortController();
    const { signal } = stopping;
    const watching = (async () => {
      while (!signal.aborted) {
        await pause(assistantsReloadMs, signal);
        if (!signal.aborted) await this.look();
      }
    })();
    return async () => {
      stopping.abort();
      await watching;
    };
  }

  /**
   * Uses changed files once they were the same at two looks: a file may be half written, and an edit may concern both.
   * Files with a fault are named in the log, and those in use stay.
   */
  async look(): Promise<void> {
    const { log } = this.#options;
    try {
      const contents = await fingerprint(this.#paths);
      const settled = contents === this.#seen;
      this.#seen = contents;
      if (!settled || contents === this.#judged) return;
      this.#judged = contents;
      if (contents === this.#used) return log.info("config: the files are again as they are in use");
      const files = await readFiles(this.#paths, this.#options);
      // Written again meanwhile: the next looks find out.
      if ((await fingerprint(this.#paths)) !== contents) return void (this.#judged = this.#used);
      this.#current = files;
      this.#used = contents;
      log.info(
        { assistants: [...files.assistants.keys()] },
        "config: the changed assistants, prices and hours are in use",
      );
    } catch (error) {
      if (error instanceof ConfigError) {
        return log.error(`config: changed files are not used, and the assistants stay as they were. ${error.message}`);
      }
      this.#judged = this.#used;
      log.warn({ err: error }, "config: the changed files could not be checked yet");
    }
  }
}

function pathsIn(folder?: string): Paths {
  const within = (path: string) => (folder === undefined ? path : `${folder}/${path}`);
  return { assistants: within(assistantsPath), prices: within(pricesPath), hours: within(hoursPath) };
}

async function readFiles(
  paths: Paths,
  { providers, secrets, config }: Pick<Options, "config" | "providers" | "secrets">,
): Promise<Files> {
  const [written, prices, hours] = await Promise.all([
    readAssistants(paths.assistants),
    readPrices(paths.prices),
    readHours(paths.hours),
  ]);
  const assistants = withDemoShop(written, config?.DEMO_SHOP_URL);
  checkBudgets(assistants, prices, await providers());
  if (secrets) checkSecrets(assistants, secrets);
  return { assistants, prices, hours };
}

/** Digest of all files; that of a file that cannot be read is of the reason. */
async function fingerprint(paths: Paths): Promise<string> {
  const hash = createHash("sha256");
  for (const path of Object.values(paths)) {
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => `${error.code}`);
    hash.update(`${content.length} `).update(content);
  }
  return hash.digest("base64url");
}
