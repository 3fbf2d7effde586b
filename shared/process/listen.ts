import type { Server } from "node:net";
import { ConfigError } from "../config/config.ts";

interface Listening {
  /** Key of the environment, for the error message. */
  setting: "PORT" | "ADMIN_PORT" | "WORKER_PORT";
  port: number;
  /** Maximum connections that wait to be accepted. */
  backlog?: number;
}

/**
 * Makes a server listen.
 * @throws {ConfigError} when the port is unavailable; the message says what to do
 */
export function listen(server: Server, { setting, port, backlog }: Listening): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, { setting, port })));
    server.listen({ port, ...(backlog !== undefined && { backlog }) }, resolve);
  });
}

function explain(error: NodeJS.ErrnoException, { setting, port }: Listening): Error {
  if (error.code === "EADDRINUSE") return new ConfigError(`Port ${port} is taken: set ${setting} to a free one`);
  if (error.code !== "EACCES") return error;
  return new ConfigError(`Port ${port} is not for an ordinary user: set ${setting} to one from 1024 on`);
}
