import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../config/config.ts";
import { startEncryptedPostgres, unnamedAddress } from "../testing/stores/encrypted-postgres.ts";
import { makeCertificates, opensslAvailable } from "../testing/fixtures/certificates.ts";
import { connectionOptions } from "./connection-options.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("DATABASE_URL", () => {
  it.each(["disable", "allow", "no-verify"])("with sslrootcert=system is refused beside sslmode=%s", (mode) => {
    const url = `postgres://u:p@h/d?sslmode=${mode}&sslrootcert=system`;
    expect(() => readConfig({ DATABASE_URL: url })).toThrow(/DATABASE_URL: sslrootcert=system .*sslmode=verify-full/);
  });

  it.each(["sslrootcert", "sslcert", "sslkey"])("that names a missing file as %s is refused at once", (setting) => {
    const url = `postgres://u:p@h/d?${setting}=/nowhere/at-all.pem`;
    expect(() => connectionOptions(url)).toThrow(ConfigError);
    expect(() => connectionOptions(url)).toThrow(`DATABASE_URL: ${setting} names a file that cannot be read`);
  });
});

describe.skipIf(!opensslAvailable)("sslrootcert=system", () => {
  it(
    "trusts the system's certificates, verifies names and addresses, and nothing else",
    { timeout: 60_000 },
    async () => {
      await using certificates = await makeCertificates();
      await using server = await startEncryptedPostgres(certificates);
      const migrate = (host: string, trusted: Record<string, string>) => {
        const url = new URL(server.url);
        url.hostname = host;
        url.search = "?sslrootcert=system";
        const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
        const env = { PATH, HOME, NODE_COMPILE_CACHE, ...trusted, DATABASE_URL: url.href };
        const { status, stderr, stdout } = spawnSync(process.execPath, ["services/cli/migrate.ts"], {
          cwd: root,
          env,
          encoding: "utf8",
        });
        return `${status} ${stdout}${stderr}`;
      };
      const trusted = { SSL_CERT_FILE: certificates.ca };
      expect(migrate("127.0.0.1", {})).toMatch(/^1 .*certificate/s);
      expect(migrate("127.0.0.1", trusted)).toMatch(/^0 Applied:/);
      expect(migrate("localhost", trusted)).toBe("0 The database is up to date.\n");
      if (unnamedAddress === undefined) return;
      expect(migrate(unnamedAddress, trusted)).toMatch(/^1 .*IP: 127/s);
    },
  );
});
