import { request } from "node:http";

/** A container engine that answers at a Unix socket of this machine. */
export interface Engine {
  socket: string;
  /** Name and kernel of the host of its containers. */
  host: string;
  kernel: string;
}

/** Time limit for an engine's answers: a socket that accepts and stays silent must not hold up the tests. */
export const engineAnswerMs = 3000;

/**
 * Asks the engine at a Unix socket who it is.
 * @throws with the reason when no engine answers there within the limit
 */
export async function probeEngine(socket: string, limitMs = engineAnswerMs): Promise<Engine> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    await ask(socket, "/_ping", signal);
    const info = JSON.parse(await ask(socket, "/info", signal)) as { KernelVersion?: unknown; Name?: unknown };
    return { socket, host: String(info.Name), kernel: String(info.KernelVersion) };
  } catch (error) {
    throw new Error(`${socket} ${signal.aborted ? `does not answer within ${limitMs} ms` : explain(error)}`, {
      cause: error,
    });
  }
}

/** Returns the body of an answer, which both Docker and Podman give at a path without a version. */
function ask(socketPath: string, path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, signal, agent: false, headers: { host: "localhost" } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`answers ${path} with ${response.statusCode}`));
      });
    });
    asking.once("error", reject).end();
  });
}

const reasons = new Map([
  ["ENOENT", "does not exist"],
  ["ECONNREFUSED", "has no listener"],
  ["EACCES", "may not be opened by this account"],
  ["ECONNRESET", "breaks the connection"],
  ["EPIPE", "breaks the connection"],
]);

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons.get(code ?? "") ?? message;
}
