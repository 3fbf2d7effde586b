import { chown, copyFile, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.ts";
import type { Certificates } from "../fixtures/certificates.ts";
import { quietLog } from "../fixtures/quiet-log.ts";

/** An address beside 127.0.0.1, which the certificate names; only Linux has it without configuration. */
export const unnamedAddress = process.platform === "linux" ? "127.0.0.2" : undefined;

/** Starts a PostgreSQL with this certificate. */
export async function startEncryptedPostgres({ cert, key }: Certificates): Promise<{ url: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "parley-tls-postgres-"));
  const dataDir = join(folder, "data");
  const log = quietLog();
  // The first start creates the folder, whose owner must own the key.
  await (await startEmbeddedPostgres({ dataDir, log })).stop();
  const { uid, gid } = await stat(dataDir);
  for (const file of [cert, key]) {
    const copy = join(dataDir, file === cert ? "server.crt" : "server.key");
    await copyFile(file, copy);
    await chown(copy, uid, gid);
  }
  const server = await startEmbeddedPostgres({
    dataDir,
    log,
    settings: { ssl: "on", listen_addresses: ["127.0.0.1", unnamedAddress].filter(Boolean).join() },
  });
  return {
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
