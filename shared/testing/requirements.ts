import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that some tests need and that no npm package provides. */
export interface Requirement {
  name: string;
  /** Path of the program; `undefined`: its tests are skipped. */
  path: string | undefined;
  howToGet: string;
  /** The fixture that uses it, from this folder. */
  fixture: string;
  /** True if its tests may be skipped in CI as well: they try examples of the documents, not the product. */
  optional?: true;
  /** True if containers replace it. */
  containerized?: true;
}

export const redisServer: Requirement = {
  name: "Redis",
  path: findProgram("redis-server", "valkey-server"),
  howToGet: "install redis-server: apt-get install redis-server, brew install redis",
  fixture: "stores/redis.ts",
  containerized: true,
};

export const chromium: Requirement = {
  name: "Chromium",
  path: findProgram(
    // Without the windows that a whole browser keeps although none is seen, tests take half of the CPU.
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ),
  howToGet: "install chromium: apt-get install chromium, brew install --cask chromium",
  fixture: "processes/chromium.ts",
};

export const openssl: Requirement = {
  name: "OpenSSL",
  path: findProgram("openssl"),
  howToGet: "install openssl: apt-get install openssl, brew install openssl",
  fixture: "fixtures/certificates.ts",
};

export const pgbouncer: Requirement = {
  name: "PgBouncer",
  path: findProgram("pgbouncer", "/usr/sbin/pgbouncer"),
  howToGet: "install pgbouncer: apt-get install pgbouncer, brew install pgbouncer",
  fixture: "stores/pgbouncer.ts",
};

export const php = language("PHP", findProgram("php"), "apt-get install php-cli");
export const java = language("Java", findProgram("java"), "apt-get install default-jdk-headless");
export const pythonJwt = language(
  "Python with PyJWT",
  findWithLibrary("/usr/bin/python3", "/usr/lib/python3/dist-packages/jwt"),
  "apt-get install python3-jwt",
);
export const rubyJwt = language(
  "Ruby with jwt",
  findWithLibrary("/usr/bin/ruby", "/usr/share/doc/ruby-jwt"),
  "apt-get install ruby-jwt",
);
export const perlJwt = language(
  "Perl with Crypt::JWT",
  findWithLibrary("/usr/bin/perl", "/usr/share/perl5/Crypt/JWT.pm"),
  "apt-get install libcrypt-jwt-perl",
);
export const go = language(
  "Go with golang-jwt",
  findWithLibrary("/usr/bin/go", "/usr/share/gocode/src/github.com/golang-jwt/jwt"),
  "apt-get install golang-go golang-github-golang-jwt-jwt-dev",
);

export const nginx = reverseProxy("nginx", findProgram("nginx", "/usr/sbin/nginx"), "nginx");
export const apache = reverseProxy("Apache", findProgram("apache2", "/usr/sbin/apache2"), "apache2-bin");
export const haproxy = reverseProxy("HAProxy", findProgram("haproxy", "/usr/sbin/haproxy"), "haproxy");
export const caddy = reverseProxy("Caddy", findProgram("caddy"), "caddy");

export const requirements: readonly Requirement[] = [
  redisServer,
  chromium,
  openssl,
  pgbouncer,
  php,
  java,
  pythonJwt,
  rubyJwt,
  perlJwt,
  go,
  nginx,
  apache,
  haproxy,
  caddy,
];

function language(name: string, path: string | undefined, howToGet: string): Requirement {
  return { name, path, howToGet, fixture: "languages.ts", optional: true };
}

/** Finds Debian's own interpreter, if its package of a library is installed beside it. */
function findWithLibrary(program: string, library: string): string | undefined {
  return existsSync(library) ? findProgram(program) : undefined;
}

function reverseProxy(name: string, path: string | undefined, debian: string): Requirement {
  return { name, path, howToGet: `apt-get install ${debian}`, fixture: "processes/reverse-proxy.ts", optional: true };
}

/** Finds the first of these programs that is on the PATH, or at its absolute path. */
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
