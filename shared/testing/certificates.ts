import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openssl } from "./requirements.ts";

/** Whether `makeCertificates` can work here. */
export const opensslAvailable = openssl.path !== undefined;

/** A certificate for a server on this machine, and the authority that vouches for it, as files. */
export interface Certificates extends AsyncDisposable {
  /** Of the authority: whom to trust. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), "parley-tls-"));
  const [ca, caKey, cert, key, request, names] = ["ca.crt", "ca.key", "server.crt", "server.key", "csr", "names"].map(
    (name) => join(folder, name),
  ) as [string, string, string, string, string, string];
  const pair = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...pair, "-keyout", caKey, "-out", ca, "-days", "2", "-subj", "/CN=Test authority");
  run("req", ...pair, "-keyout", key, "-out", request, "-subj", "/CN=localhost");
  await writeFile(names, "subjectAltName=DNS:localhost,IP:127.0.0.1");
  const signing = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-days", "2", "-extfile", names];
  run("x509", "-req", "-in", request, "-out", cert, ...signing);
  return { ca, cert, key, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

function run(...args: string[]): void {
  if (openssl.path === undefined) throw new Error(`OpenSSL is not here (${openssl.howToGet})`);
  const { status, stderr } = spawnSync(openssl.path, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
