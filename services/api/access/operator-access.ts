import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Pool } from "pg";
import type { KeyRow } from "../../../shared/db/desk/operator-keys.ts";
import { addBuiltIn, builtIn } from "../../../shared/db/desk/operators.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { claimsToBeKey } from "../../../shared/operator-key.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { type FoundSession, requireConsole, type Sessions } from "../accounts/sessions.ts";
import type { EventStreams } from "../follow/sse.ts";
import { passes } from "../follow/stream-request.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { countRequest } from "../middleware/count-requests.ts";
import { noteIds } from "../middleware/request-id.ts";
import { OperatorKeys } from "./operator-keys.ts";
import type { Operators } from "./operators.ts";
import { refuseForeignOperations } from "./origins.ts";

/** The operator behind a request. */
export interface Actor {
  operatorId: string;
  name: string;
  role: OperatorRole;
  /** Absent behind a key or an account of the configuration. */
  session?: FoundSession;
}

interface AccessOptions {
  pool: Pool;
  siteId: string;
  /** Accounts of the configuration. */
  operators: Operators;
  sessions: Sessions;
  loginThrottle: LoginThrottle;
  limits: Pick<RateLimits, "operators">;
  streams: Pick<EventStreams, "sendBack">;
  log: Logger;
}

const roles: readonly OperatorRole[] = ["reader", "operator", "admin"];

/** Admits operators to `/api/operator`: by a session, by a key, or by the accounts of the configuration. */
export class OperatorAccess {
  readonly #options: AccessOptions;
  readonly #keys: OperatorKeys;
  readonly #builtIn = new Map<keyof typeof builtIn, Promise<string>>();

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#keys = new OperatorKeys(options);
  }

  /**
   * Admits operators with at least this role; see `actorOf`. Readers change nothing, whatever the route asks for.
   * Changes must originate from our own pages, or from no page. Each request is counted for its operator, and once.
   */
  require(role: OperatorRole): RequestHandler[] {
    const check = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
      const admitted = actors.get(res) ?? (await this.#admit(req, res));
      // An event stream was sent back.
      if (!admitted) return;
      if (admitted.role === "reader" && (role !== "reader" || !isRead(req))) {
        throw new Problem("read-only", `${admitted.name} has the role "reader", which changes nothing.`);
      }
      if (roles.indexOf(admitted.role) < roles.indexOf(role)) {
        throw new Problem("role-required", `This needs the role "${role}"; ${admitted.name} has "${admitted.role}".`);
      }
      next();
    };
    return [refuseForeignOperations, check];
  }

  /** Admits operators of any role to what is theirs alone, changes included. Each request is counted once. */
  requireOwner(): RequestHandler[] {
    const check = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
      if (actors.get(res) ?? (await this.#admit(req, res))) next();
    };
    return [refuseForeignOperations, check];
  }

  async #admit(req: Request, res: Response): Promise<Actor | undefined> {
    try {
      const actor = await this.#identify(req, res);
      const { limits } = this.#options;
      // Counted per operator: a team often shares one address.
      await countRequest(limits.operators, req, { key: actor.operatorId, whose: `by ${actor.name}` });
      actors.set(res, actor);
      noteIds(req, { operatorId: actor.operatorId });
      return actor;
    } catch (error) {
      if (isStream(req) && passes(error)) {
        this.#options.streams.sendBack(res);
        return undefined;
      }
      if (error instanceof Problem && error.status === 401) challenge(req, res);
      throw error;
    }
  }

  async #identify(req: Request, res: Response): Promise<Actor> {
    const session = await this.#options.sessions.find(req);
    if (session) return this.#bySession(req, res, session);
    const header = req.get("Authorization");
    if (header === undefined) throw unknown("Sign in, or send an operator's key: Authorization: Bearer psk_….");
    const [, credential] = /^Bearer +(\S+)$/i.exec(header) ?? [];
    if (credential === undefined) return this.#byAccount(req);
    if (claimsToBeKey(credential)) return this.#byKey(req, res, credential);
    throw unknown("A visitor's token opens nothing here: send an operator's key, which begins with psk_.");
  }

  async #bySession(req: Request, res: Response, session: FoundSession): Promise<Actor> {
    if (!isRead(req)) requireConsole(req);
    if (isStream(req)) this.#options.sessions.watch(session, res);
    else await this.#options.sessions.touch(session);
    const { operatorId, name, role } = session;
    return { operatorId, name, role, session };
  }

  async #byAccount(req: Request): Promise<Actor> {
    const found = await this.#options.operators.authenticate(req);
    if (!found) throw unknown("The user or the password is wrong.");
    return { operatorId: await this.#idOf(found.role), ...builtIn[found.role] };
  }

  async #byKey(req: Request, res: Response, credential: string): Promise<Actor> {
    const key = await this.#keys.find(req, credential);
    if (!key) throw unknown("There is no such key.");
    const actor = toActor(key);
    if (isStream(req)) this.#keys.watch(key, res);
    return actor;
  }

  /** Adds the row of a built-in operator when it is first needed. */
  #idOf(account: keyof typeof builtIn): Promise<string> {
    const { pool, siteId } = this.#options;
    const known = this.#builtIn.get(account);
    if (known) return known;
    const added = addBuiltIn(pool, siteId, account);
    this.#builtIn.set(account, added);
    added.catch(() => this.#builtIn.delete(account));
    return added;
  }
}

const actors = new WeakMap<Response, Actor>();

/** The operator behind a request that passed `OperatorAccess`. */
export function actorOf(res: Response): Actor {
  const actor = actors.get(res);
  if (!actor) throw new Error("this route is not behind OperatorAccess");
  return actor;
}

/**
 * The session behind a request.
 * @throws {Problem} for keys and for accounts of the configuration, which have none
 */
export function sessionOf(res: Response): FoundSession {
  const { session } = actorOf(res);
  if (session) return session;
  throw new Problem("session-required", "A key or a password of the configuration has no account of its own here.");
}

function isRead(req: Request): boolean {
  return req.method === "GET" || req.method === "HEAD";
}

function isStream(req: Request): boolean {
  return req.method === "GET" && req.path.endsWith("/events");
}

/** A key that was once given out is no guess: it is refused, and not counted as one. */
function toActor({ operatorId, name, role, operatorRole, state }: KeyRow): Actor {
  if (state === "revoked") throw unknown("This key was revoked.");
  if (state === "ended") throw unknown("This key has ended: make another with npm run keys.");
  if (state === "gone") throw unknown("The operator of this key has left.");
  return { operatorId, name, role: roles.indexOf(role) < roles.indexOf(operatorRole) ? role : operatorRole };
}

function unknown(detail: string): Problem {
  return new Problem("admin-unauthorized", detail);
}

/** Names the ways to sign in, to all but pages: a browser would ask its user for a password. */
function challenge(req: Request, res: Response): void {
  if (req.get("Sec-Fetch-Mode") !== undefined) return;
  res.set("WWW-Authenticate", ["Bearer", 'Basic realm="Parley", charset="UTF-8"']);
}
