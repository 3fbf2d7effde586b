import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that some tests need and that no package brings. */
export interface Requirement {
  name: string;
  /** Where it was found; `undefined`: its tests are skipped. */
  path: string | undefined;
  howToGet: string;
  /** The fixture that stands on it, beside this file. */
  fixture: string;
}

export const redisServer: Requirement = {
  name: "Redis",
  path: findProgram("redis-server", "valkey-server"),
  howToGet: "install redis-server: apt-get install redis-server, brew install redis",
  fixture: "redis.ts",
};

export const chromium: Requirement = {
  name: "Chromium",
  path: findProgram(
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ),
  howToGet: "install chromium: apt-get install chromium, brew install --cask chromium",
  fixture: "chromium.ts",
};

export const openssl: Requirement = {
  name: "OpenSSL",
  path: findProgram("openssl"),
  howToGet: "install openssl: apt-get install openssl, brew install openssl",
  fixture: "certificates.ts",
};

export const pgbouncer: Requirement = {
  name: "PgBouncer",
  path: findProgram("pgbouncer", "/usr/sbin/pgbouncer"),
  howToGet: "install pgbouncer: apt-get install pgbouncer, brew install pgbouncer",
  fixture: "pgbouncer.ts",
};

export const requirements: readonly Requirement[] = [redisServer, chromium, openssl, pgbouncer];

/** The first of these programs that is on the PATH, or at its absolute path. */
function findProgram(...names: string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return names
    .flatMap((name) => (name.startsWith("/") ? [name] : folders.map((f) => join(f, name))))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
