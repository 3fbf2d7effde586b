import type { RunLog, RequestRecord } from "./run-log.ts";
import type { ApiProcess } from "./testbed.ts";

export interface ChaosRequest {
  api: ApiProcess;
  visitor: number;
  route: RequestRecord["route"];
  path: string;
  token?: string | undefined;
  key?: string | undefined;
  body?: object | undefined;
  /** `Prefer: wait`, in seconds. */
  wait?: number | undefined;
  jobId?: string | undefined;
}

export interface ChaosAnswer {
  status: number;
  /** Name of the problem, if it is one. */
  problem: string | undefined;
  body: unknown;
  retryAfterMs: number | undefined;
}

/** Timeout of a request; one that exceeds it is aborted, and recorded in the run log. */
const giveUpMs = 30_000;

/**
 * Makes one request and records its outcome.
 * @returns `undefined` if no answer arrived
 */
export async function request(runLog: RunLog, call: ChaosRequest): Promise<ChaosAnswer | undefined> {
  const { api, visitor, route, path, token, key, body, wait, jobId } = call;
  const method = route.split(" ", 1)[0] ?? "GET";
  const at = Date.now();
  const note = (status: RequestRecord["status"]) =>
    runLog.note({
      at,
      ms: Date.now() - at,
      visitor,
      api: api.name,
      method,
      route,
      status,
      waits: wait !== undefined,
      jobId,
    });
  try {
    const response = await fetch(api.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { "idempotency-key": key }),
        ...(wait !== undefined && { prefer: `wait=${wait}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(giveUpMs),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    note(response.status);
    const seconds = response.headers.get("retry-after");
    return {
      status: response.status,
      problem: problemOf(answer),
      body: answer,
      retryAfterMs: seconds === null ? undefined : Number(seconds) * 1000,
    };
  } catch {
    note("broken");
    return undefined;
  }
}

function problemOf(body: unknown): string | undefined {
  const type = typeof body === "object" && body !== null && "type" in body ? body.type : undefined;
  return typeof type === "string" ? type.replace("/problems/", "") : undefined;
}
