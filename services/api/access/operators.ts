import { createHash, timingSafeEqual } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import { clientOf } from "../middleware/client.ts";
import { refuseUnknown } from "../middleware/problems.ts";
import { refuseForeignOperations } from "./origins.ts";
import { idsOf, pathOf } from "../middleware/request-id.ts";

/** `read` accounts cannot change anything. */
export type AccountRole = "read" | "full";

interface OperatorOptions {
  config: Pick<Config, "ADMIN_USER" | "ADMIN_PASSWORD" | "ADMIN_READ_USER" | "ADMIN_READ_PASSWORD">;
  loginThrottle: LoginThrottle;
  log: Logger;
}

/** An operator who looks at pages. */
export interface PageOperator {
  user: string;
  role: AccountRole;
}

/** An account of the configuration. */
export interface ConfiguredAccount extends PageOperator {
  /** Digest of its user and password. */
  digest: Buffer;
}

/** Authenticates operators. */
export class Operators {
  /** False without an account of the configuration. */
  readonly exist: boolean;
  readonly accounts: readonly ConfiguredAccount[];
  readonly #loginThrottle: LoginThrottle;
  readonly #log: Logger;

  constructor({ config, loginThrottle, log }: OperatorOptions) {
    this.accounts = [
      ...account(config.ADMIN_USER, config.ADMIN_PASSWORD, "full"),
      ...account(config.ADMIN_READ_USER, config.ADMIN_READ_PASSWORD, "read"),
    ];
    this.exist = this.accounts.length > 0;
    this.#loginThrottle = loginThrottle;
    this.#log = log;
  }

  /**
   * Authenticates operators by a session, or by Basic credentials. Reading needs at least this role. Changes need `full`
   * and must originate from our own pages. Sets `res.locals.operator` to the name, and `roleOf(res)` to the role.
   * @param bySession finds the operator of a session, and checks the origin of a change
   */
  require(role: AccountRole, bySession: (req: Request) => Promise<PageOperator | undefined> = none): RequestHandler[] {
    const check = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
      res.set("Cache-Control", "no-store");
      const operator = (await bySession(req)) ?? (await this.authenticate(req));
      // Without an account of the configuration there is nothing to guess, so nothing is said of it.
      if (!operator && !this.exist) refuseUnknown(req);
      if (!operator) throw unknown(res);
      const looks = req.method === "GET" || req.method === "HEAD";
      if (operator.role === "read" && (role === "full" || !looks)) {
        throw new Problem("read-only", `The account ${operator.user} has read-only access.`);
      }
      res.locals["operator"] = operator.user;
      roles.set(res, operator.role);
      if (!looks) this.#log.info({ ...idsOf(req), operator: operator.user, path: pathOf(req) }, "audit");
      next();
    };
    return [refuseForeignOperations, check];
  }

  /**
   * Finds the account of a request's Basic credentials.
   * @returns `undefined` if there are none, or they are wrong
   * @throws {Problem} 429 when the client has failed too often
   */
  async authenticate(req: Request): Promise<ConfiguredAccount | undefined> {
    const [, encoded] = /^Basic +(\S+)$/i.exec(req.get("Authorization") ?? "") ?? [];
    if (encoded === undefined) return undefined;
    return this.#compare(req, Buffer.from(encoded, "base64").toString());
  }

  /** Like `authenticate`, for a user and a password that were typed into a page. */
  async authenticateAs(req: Request, user: string, password: string): Promise<ConfiguredAccount | undefined> {
    return this.#compare(req, `${user}:${password}`);
  }

  async #compare(req: Request, credentials: string): Promise<ConfiguredAccount | undefined> {
    const digest = digestOf(credentials);
    const found = await this.#loginThrottle.compare("password", clientOf(req).network, () => this.#find(digest));
    if (!found) this.#log.warn(idsOf(req), "an operator's credentials were wrong");
    return found;
  }

  /** Compares with each account in constant time; digests make all lengths equal. */
  #find(digest: Buffer): ConfiguredAccount | undefined {
    const matching = this.accounts.filter((each) => timingSafeEqual(each.digest, digest));
    return matching[0];
  }
}

const none = () => Promise.resolve(undefined);

const roles = new WeakMap<Response, AccountRole>();

/** Role of the authenticated operator. */
export function roleOf(res: Response): AccountRole {
  return roles.get(res) ?? "read";
}

function unknown(res: Response): Problem {
  res.set("WWW-Authenticate", 'Basic realm="Parley", charset="UTF-8"');
  return new Problem("admin-unauthorized", "Sign in with ADMIN_USER and ADMIN_PASSWORD.");
}

function account(user: string, password: string | undefined, role: AccountRole): ConfiguredAccount[] {
  return password === undefined ? [] : [{ user, role, digest: digestOf(`${user}:${password}`) }];
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
