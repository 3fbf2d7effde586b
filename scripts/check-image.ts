import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTestingDatabase } from "./image/testing-database.ts";
import { findFreePort } from "../shared/testing/processes/free-port.ts";
import { startFakeProvider } from "../tools/fake-provider/fake-provider.ts";
import { baseImages, makeBaseImages, registryMounts } from "./image/base-images.ts";
import { Buildah, run } from "./image/buildah.ts";
import { startImageService } from "./image/image-service.ts";
import { refuseUnfitMachine } from "./image/unfit-machine.ts";

// Builds the image of the Dockerfile without a container engine, runs migrate, api and worker in it, lets them answer
// one message, and compares its size with the recorded one. Leaves nothing behind.

/** Size above the base image in MB. Debian's part is left out, as its images grow without us. */
const recordedMb = 184;
/** A release of a library changes 1 to 2 MB; a second copy of one, or a package for development, changes more. */
const toleranceMb = 8;

const root = fileURLToPath(new URL("..", import.meta.url));
const image = "localhost/parley-check";

refuseUnfitMachine();
const stopped = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => stopped.abort(new Error(`Ended by ${name}`)));
const { signal } = stopped;
const folder = await mkdtemp(join(tmpdir(), "parley-image-"));
try {
  await checkImage();
} catch (error) {
  console.error(`check:image: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function checkImage(): Promise<void> {
  const buildah = await Buildah.open(join(folder, "store"), signal);
  await build(buildah);
  await answerOneMessage(buildah);
  await compareSize(buildah);
}

async function build(buildah: Buildah): Promise<void> {
  const dockerfile = await readFile(join(root, "Dockerfile"), "utf8");
  const suite = /^ARG DEBIAN_IMAGE=debian:(\w+)/m.exec(dockerfile)?.[1];
  const major = /^ARG NODE_IMAGE=node:(\d+)/m.exec(dockerfile)?.[1];
  if (suite === undefined) throw new Error("The Dockerfile names no release of Debian");
  if (major !== process.versions.node.split(".")[0]) {
    throw new Error(`The Dockerfile names Node ${major}; this is ${process.version}`);
  }
  say(`making the base images: Debian ${suite}, Node ${process.version}`);
  await makeBaseImages(buildah, { folder, suite, signal });
  say("building the image");
  const args = [`NODE_IMAGE=${baseImages.node}`, `DEBIAN_IMAGE=${baseImages.debian}`];
  await buildah.build(image, root, [...args.flatMap((arg) => ["--build-arg", arg]), ...registryMounts()]);
}

async function answerOneMessage(buildah: Buildah): Promise<void> {
  await using database = await openTestingDatabase();
  await using stack = new AsyncDisposableStack();
  const provider = await startFakeProvider();
  stack.defer(() => provider.close());
  say("running migrate, api and worker");
  const common = { DATABASE_URL: database.url };
  await buildah.runIn(await buildah.create(image), ["node", "services/cli/migrate.ts"], common);
  const [port, workerPort] = [await findFreePort(), await findFreePort()];
  const url = `http://127.0.0.1:${port}`;
  await using api = await startImageService(buildah, {
    image,
    command: ["node", "services/api/main.ts"],
    env: { ...common, PORT: `${port}`, TOKEN_SECRET: randomBytes(32).toString("hex") },
    readyUrl: `${url}/readyz`,
    signal,
  });
  await using worker = await startImageService(buildah, {
    image,
    command: ["node", "services/worker/main.ts"],
    env: { ...common, WORKER_PORT: `${workerPort}`, COMPATIBLE_BASE_URL: provider.url },
    readyUrl: `http://127.0.0.1:${workerPort}/readyz`,
    signal,
  });
  const reply = await ask(url);
  if (reply !== "Hello from the fake.") throw new Error(`The reply is ${JSON.stringify(reply)}`);
  await checkHealth(buildah, port);
  for (const [name, service] of Object.entries({ worker, api })) {
    if (service.uid !== 1000) throw new Error(`The ${name} runs as user ${service.uid}, not as 1000`);
    const code = await service.stop();
    if (code !== 0) throw new Error(`The ${name} ends with ${code} on SIGTERM`);
  }
  say("as user 1000 they answered a message, and ended on SIGTERM");
}

/** Sends one message and returns its reply. */
async function ask(url: string): Promise<unknown> {
  const headers = { "Content-Type": "application/json", Prefer: "wait=25" };
  const body = JSON.stringify({ message: "Hello" });
  const sent = await fetch(`${url}/api/chat`, { method: "POST", headers, body, signal: AbortSignal.timeout(60_000) });
  const answer = (await sent.json()) as { status?: unknown; reply?: unknown };
  if (answer.status !== "completed") throw new Error(`The message was not answered: ${JSON.stringify(answer)}`);
  return answer.reply;
}

/** Runs the image's own health check beside the api. */
async function checkHealth(buildah: Buildah, port: number): Promise<void> {
  const [kind, ...command] = await buildah.healthCheck(image);
  if (kind !== "CMD") throw new Error(`The image's health check is ${kind ?? "missing"}`);
  await buildah.runIn(await buildah.create(image), command, { PORT: `${port}` });
}

async function compareSize(buildah: Buildah): Promise<void> {
  const bytes = async (name: string) => {
    const files = await buildah.mount(await buildah.create(name));
    return Number.parseInt(
      await run("du", ["--summarize", "--apparent-size", "--block-size=1", files], { signal }),
      10,
    );
  };
  const mb = Math.round(((await bytes(image)) - (await bytes(baseImages.debian))) / 1e6);
  const compared = `${mb} MB above its base (recorded: ${recordedMb}, tolerance: ${toleranceMb})`;
  if (Math.abs(mb - recordedMb) > toleranceMb) {
    throw new Error(`The image has ${compared}. If that is right, record it in scripts/check-image.ts`);
  }
  say(`the image has ${compared}`);
}

function say(text: string): void {
  console.log(`check:image: ${text}`);
}
