import { copyFile, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Buildah, run } from "./buildah.ts";

/** Local images in the place of those that the Dockerfile names. */
export const baseImages = { debian: "localhost/parley-check-debian", node: "localhost/parley-check-node" };

/** File in the image of Node to which the authorities of this machine's network are mounted. */
const authoritiesFile = "/etc/parley-check-authorities.pem";

interface BaseOptions {
  /** Folder for their files. */
  folder: string;
  /** Name of the Debian release. */
  suite: string;
  signal: AbortSignal;
}

/** Makes Debian's image with debootstrap, and Node's out of that with the Node and the npm that run this. */
export async function makeBaseImages(buildah: Buildah, { folder, suite, signal }: BaseOptions): Promise<void> {
  const [debian, node] = [join(folder, "debian"), join(folder, "node")];
  await Promise.all([debian, node].map((path) => mkdir(path)));
  await run("debootstrap", ["--variant=minbase", suite, join(debian, "root")], { signal });
  const unused = ["./var/cache/apt/archives/*.deb", "./var/lib/apt/lists/*"].map((path) => `--exclude=${path}`);
  await run("tar", ["-C", join(debian, "root"), ...unused, "-cf", join(debian, "root.tar"), "."], { signal });
  await rm(join(debian, "root"), { recursive: true });
  await writeFile(join(debian, "Dockerfile"), "FROM scratch\nADD root.tar /\n");
  await buildah.build(baseImages.debian, debian);

  await copyFile(process.execPath, join(node, "node"));
  await cp(npmFolder(), join(node, "npm"), { recursive: true, dereference: true });
  const lines = [
    `FROM ${baseImages.debian}`,
    "COPY node /usr/local/bin/node",
    "COPY npm /usr/local/lib/node_modules/npm",
    "RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm",
    ...(extraAuthorities() === undefined ? [] : [`ENV NODE_EXTRA_CA_CERTS=${authoritiesFile}`]),
  ];
  await writeFile(join(node, "Dockerfile"), `${lines.join("\n")}\n`);
  await buildah.build(baseImages.node, node);
}

/** Mounts npm's settings on this machine for the time of a build, so that it asks the same registry. No image keeps them. */
export function registryMounts(): string[] {
  const mounts: [from: string | undefined, to: string][] = [
    [process.env["npm_config_userconfig"], "/root/.npmrc"],
    [process.env["npm_config_globalconfig"], "/usr/local/etc/npmrc"],
    [extraAuthorities(), authoritiesFile],
  ];
  return mounts.flatMap(([from, to]) =>
    from === undefined || !existsSync(from) ? [] : ["--volume", `${from}:${to}:ro`],
  );
}

function extraAuthorities(): string | undefined {
  const file = process.env["NODE_EXTRA_CA_CERTS"] ?? "";
  return file === "" ? undefined : file;
}

function npmFolder(): string {
  const cli = process.env["npm_execpath"];
  if (cli === undefined) throw new Error("Start it by npm: npm run check:image");
  return dirname(dirname(cli));
}
