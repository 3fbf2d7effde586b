import { accessSync, constants, readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import type { ClientConfig } from "pg";
import { ConfigError } from "../config/config.ts";
import { DatabaseUrlError, readTlsSettings } from "./database-url.ts";

/** The part of pg's configuration that a `DATABASE_URL` decides. */
export type ConnectionOptions = Pick<ClientConfig, "connectionString" | "ssl">;

/**
 * Turns a `DATABASE_URL` into options for `pg`. Every connection to PostgreSQL uses them, so that all read the URL
 * alike.
 * @throws {ConfigError} if a file it names cannot be read: `pg` would take that for an outage
 */
export function connectionOptions(databaseUrl: string): ConnectionOptions {
  const url = new URL(databaseUrl);
  const settings = readSettings(url);
  for (const { setting, path } of settings.files) requireFile(setting, path);
  // `pg` reads the files for each connection, so certificates may be renewed while a process runs.
  if (!settings.systemRoots) return { connectionString: databaseUrl };
  const fileOf = (name: string) => settings.files.find(({ setting }) => setting === name)?.path;
  const [cert, key] = [fileOf("sslcert"), fileOf("sslkey")];
  // Settings in the string take precedence over every other option, including `ssl`.
  for (const name of ["ssl", "sslmode", "sslrootcert", "sslcert", "sslkey"]) url.searchParams.delete(name);
  return {
    connectionString: url.href,
    ssl: {
      ca: trustedRoots(),
      // Without this Node.js compares the certificate of a host given by its address with the name `localhost`.
      host: url.searchParams.get("host") ?? url.hostname.replace(/^\[(.+)\]$/, "$1"),
      ...(cert !== undefined && { cert: readFileSync(cert, "utf8") }),
      ...(key !== undefined && { key: readFileSync(key, "utf8") }),
    },
  };
}

function readSettings(url: URL) {
  try {
    return readTlsSettings(url);
  } catch (error) {
    if (error instanceof DatabaseUrlError) throw new ConfigError(`DATABASE_URL: ${error.message}`);
    throw error;
  }
}

/** Trusted root certificates of the system and of Node.js: slim images have none of their own. */
function trustedRoots(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

function requireFile(setting: string, path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new ConfigError(
      `DATABASE_URL: ${setting} names a file that cannot be read${setting === "sslrootcert" ? "; expected a file of certificates, or system" : ""}`,
    );
  }
}
