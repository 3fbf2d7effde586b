import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { inviteOperator } from "../../../shared/accounts/invite.ts";
import { readConfig } from "../../../shared/config/config.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import type { OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { openApiContext } from "../api.ts";
import { createApp } from "../app.ts";

export const adminPassword = "may do all things";
export const goodPassword = "four words are enough";

export interface DeskAnswer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown> & { type?: string };
  /** The cookie as a browser would send it back. */
  cookie: string;
}

interface DeskRequest {
  method?: string;
  body?: unknown;
  cookie?: string;
  headers?: Record<string, string | undefined>;
}

export interface Desk extends AsyncDisposable {
  /** Sends a request below `/api/operator` as the console's own page does; headers that are `undefined` are left out. */
  ask: (path: string, request?: DeskRequest) => Promise<DeskAnswer>;
  /** Everything that was logged. */
  log: () => string;
}

let addresses = 0;

/** An address that no test has used yet: failures are counted by it. */
export function newAddress(): string {
  addresses += 1;
  return `198.51.${addresses >> 8}.${addresses & 255}`;
}

/** An API in this process; it believes X-Forwarded-For. */
export async function openDesk({ url }: Pick<OpenTestDatabase, "url">, env: NodeJS.ProcessEnv = {}): Promise<Desk> {
  const { log, lines } = recordingLog();
  const lifecycle = new Lifecycle(log);
  const settings = { DATABASE_URL: url, NODE_ENV: "test", ADMIN_PASSWORD: adminPassword, TRUST_PROXY: "1", ...env };
  const server = createApp(await openApiContext(readConfig(settings), { log, lifecycle })).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = newAddress();
  const host = `localhost:${port}`;
  return {
    ask: async (path, { method, body, cookie, headers = {} } = {}) => {
      const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
      const all = {
        host,
        origin: `http://${host}`,
        "content-type": "application/json",
        "x-forwarded-for": address,
        cookie,
        ...(sent !== undefined && { "content-length": `${Buffer.byteLength(sent)}` }),
        ...headers,
      };
      const call = httpRequest({
        port,
        host: "127.0.0.1",
        path: `/api/operator${path}`,
        method: method ?? (sent === undefined ? "GET" : "POST"),
        headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      }).end(sent);
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      const streams = String(answer.headers["content-type"]).startsWith("text/event-stream");
      const text = streams ? "" : Buffer.concat(await answer.toArray()).toString();
      if (streams) answer.destroy();
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: (text === "" ? {} : JSON.parse(text)) as DeskAnswer["body"],
        cookie: (answer.headers["set-cookie"] ?? []).map((each) => each.split(";")[0]).join("; "),
      };
    },
    log: () => JSON.stringify(lines),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await lifecycle.close(5000);
    },
  };
}

/** Token of an invitation, as its link has it. */
export async function inviteForTests(
  { pool }: Pick<OpenTestDatabase, "pool">,
  { email, role = "operator", name }: { email: string; role?: OperatorRole; name?: string },
): Promise<string> {
  const made = await inviteOperator(pool, { siteId: defaultSite, email, role, name, base: "http://localhost:3000" });
  if (typeof made === "string") throw new Error(`not invited: ${made}`);
  return new URL(made.link).hash.replace("#link=", "");
}

/** Makes an account, and signs it in. */
export async function signUp(
  db: Pick<OpenTestDatabase, "pool">,
  desk: Desk,
  person: { email: string; role?: OperatorRole; name?: string },
): Promise<DeskAnswer> {
  const link = await inviteForTests(db, person);
  const answer = await desk.ask("/sign-in", { body: { link, newPassword: goodPassword } });
  if (answer.status !== 200) throw new Error(`not signed in: ${JSON.stringify(answer.body)}`);
  return answer;
}
