/** A `DATABASE_URL` that contradicts itself. The message does not repeat it, as it may contain a password. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError";
}

/** libpq's value for the certificates that the system trusts; `pg` takes it for a file name. */
const systemRoots = "system";

const fileSettings = ["sslrootcert", "sslcert", "sslkey"] as const;
/** Modes that verify name and chain: in libpq with `sslrootcert=system`, in `pg` always. */
const verifyingModes = [null, "verify-full", "verify-ca", "require", "prefer"];

/** The TLS settings of a `DATABASE_URL` that `pg` does not read as libpq does. */
export interface TlsSettings {
  /** True if `sslrootcert=system` is set. */
  systemRoots: boolean;
  /** Settings that name a file, and the file. */
  files: { setting: string; path: string }[];
}

/** @throws {DatabaseUrlError} if settings contradict each other */
export function readTlsSettings(url: URL): TlsSettings {
  const { searchParams } = url;
  const wantsSystem = searchParams.get("sslrootcert") === systemRoots;
  if (wantsSystem && !verifyingModes.includes(searchParams.get("sslmode"))) {
    throw new DatabaseUrlError("sslrootcert=system verifies the server: expected sslmode=verify-full beside it");
  }
  const files = fileSettings.flatMap((setting) => {
    const path = searchParams.get(setting);
    return path === null || path === "" || (setting === "sslrootcert" && wantsSystem) ? [] : [{ setting, path }];
  });
  return { systemRoots: wantsSystem, files };
}
