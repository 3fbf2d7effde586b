import { readProblem, ServiceProblem } from "./service-problem.ts";

/** Limit for an answer; the service itself gives up earlier. */
const answerLimitMs = 20_000;

interface Change {
  readonly body?: object;
  /** Makes a repeated request harmless. */
  readonly key?: string;
}

/** Address of a part of the operators' API. */
export function addressOf(path: string): string {
  return `/api/operator/${path}`;
}

export function read<T>(path: string): Promise<T> {
  return askService(path, {});
}

export function change<T>(path: string, { body = {}, key }: Change): Promise<T> {
  const { headers, ...init } = jsonBody(body);
  return askService(path, {
    method: "POST",
    ...init,
    headers: key === undefined ? headers : { ...headers, "Idempotency-Key": key },
  });
}

/** The service takes a change with a cookie only with this type, which no form of another page can send. */
export function erase(path: string): Promise<void> {
  return askService(path, { method: "DELETE", headers: { "Content-Type": "application/json" } });
}

export function jsonBody(body: object): { headers: Record<string, string>; body: string } {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** @throws {ServiceProblem} for every answer that is no success, and for none */
export async function askService<T>(path: string, init: RequestInit, limitMs = answerLimitMs): Promise<T> {
  try {
    const response = await fetch(addressOf(path), {
      ...init,
      cache: "no-store",
      signal: AbortSignal.timeout(limitMs),
    });
    if (!response.ok) throw await readProblem(response);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    // An answer that was cut, or is not of the service, is none.
    throw error instanceof ServiceProblem ? error : new ServiceProblem("", { status: 0 });
  }
}

export function queryOf(fields: Record<string, string | undefined>): string {
  const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}
