import { createHash, timingSafeEqual } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Config } from "../../../shared/config.ts";
import { Problem, type Quota } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import { clientOf } from "./client.ts";
import { overQuota } from "./count-requests.ts";
import { refuseForeignOperations } from "./origins.ts";
import { idsOf, pathOf } from "./request-id.ts";

/** `read` only looks. */
export type OperatorRole = "read" | "full";

interface OperatorOptions {
  config: Pick<Config, "ADMIN_USER" | "ADMIN_PASSWORD" | "ADMIN_READ_USER" | "ADMIN_READ_PASSWORD">;
  /** Wrong credentials of a client, over all processes. */
  failures: RateLimit;
  log: Logger;
}

interface Account {
  user: string;
  role: OperatorRole;
  digest: Buffer;
}

/** Lets operators in, and nobody else. */
export class Operators {
  /** Without an account nothing is served to operators: whoever guesses finds nothing to guess at. */
  readonly exist: boolean;
  readonly #accounts: readonly Account[];
  readonly #failures: RateLimit;
  readonly #failuresHere: FailuresHere;
  readonly #log: Logger;

  constructor({ config, failures, log }: OperatorOptions) {
    this.#accounts = [
      ...account(config.ADMIN_USER, config.ADMIN_PASSWORD, "full"),
      ...account(config.ADMIN_READ_USER, config.ADMIN_READ_PASSWORD, "read"),
    ];
    this.exist = this.#accounts.length > 0;
    this.#failures = failures;
    this.#failuresHere = new FailuresHere(failures.quota);
    this.#log = log;
  }

  /**
   * Lets operators through, by Basic credentials: to look, of this role at least; to change things, `full` ones, and from
   * our own pages alone. Afterwards `res.locals.operator` is their name, and `roleOf(res)` their role.
   */
  require(role: OperatorRole): RequestHandler[] {
    const check = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
      res.set("Cache-Control", "no-store");
      const operator = await this.#identify(req, res);
      const looks = req.method === "GET" || req.method === "HEAD";
      if (operator.role === "read" && (role === "full" || !looks)) {
        throw new Problem(
          "read-only",
          `The account ${operator.user} may look at what all may see, and change nothing.`,
        );
      }
      res.locals["operator"] = operator.user;
      roles.set(res, operator.role);
      if (!looks) this.#log.info({ ...idsOf(req), operator: operator.user, path: pathOf(req) }, "audit");
      next();
    };
    return [refuseForeignOperations, check];
  }

  async #identify(req: Request, res: Response): Promise<Account> {
    const [, encoded] = /^Basic +(\S+)$/i.exec(req.get("Authorization") ?? "") ?? [];
    if (encoded === undefined) throw unknown(res);
    const { network } = clientOf(req);
    const { remaining, resetSeconds } = await this.#failures.count(network, 0);
    // From here to the count nothing waits: of guesses that come at once no more are compared than may fail.
    if (remaining === 0 || this.#failuresHere.areUsedUp(network)) {
      throw overQuota(this.#failures.quota, "from your address", resetSeconds);
    }
    const found = this.#find(digestOf(Buffer.from(encoded, "base64").toString()));
    if (found) return found;
    this.#failuresHere.add(network);
    await this.#failures.count(network);
    this.#log.warn(idsOf(req), "an operator's credentials were wrong");
    throw unknown(res);
  }

  /** Compares with each account, as digests: of equal length, in constant time. */
  #find(digest: Buffer): Account | undefined {
    const matching = this.#accounts.filter((each) => timingSafeEqual(each.digest, digest));
    return matching[0];
  }
}

/** As many clients are remembered; an attacker with more of them meets the shared count. */
const maxClientsHere = 10_000;

/** What this process knows without asking, and at once: guesses that come together do not get ahead of the count. */
class FailuresHere {
  readonly #quota: Quota;
  readonly #clients = new Map<string, { count: number; until: number }>();

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  areUsedUp(client: string): boolean {
    const known = this.#clients.get(client);
    return known !== undefined && known.until > performance.now() && known.count >= this.#quota.limit;
  }

  add(client: string): void {
    const now = performance.now();
    const known = this.#clients.get(client);
    if (known !== undefined && known.until > now) known.count += 1;
    else this.#clients.set(client, { count: 1, until: now + this.#quota.windowSeconds * 1000 });
    if (this.#clients.size > maxClientsHere) this.#clients.clear();
  }
}

const roles = new WeakMap<Response, OperatorRole>();

/** Of the operator who was let through. */
export function roleOf(res: Response): OperatorRole {
  return roles.get(res) ?? "read";
}

function unknown(res: Response): Problem {
  res.set("WWW-Authenticate", 'Basic realm="Parley", charset="UTF-8"');
  return new Problem("admin-unauthorized", "Sign in with ADMIN_USER and ADMIN_PASSWORD.");
}

function account(user: string, password: string | undefined, role: OperatorRole): Account[] {
  return password === undefined ? [] : [{ user, role, digest: digestOf(`${user}:${password}`) }];
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
