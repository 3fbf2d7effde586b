/** Target of a `REDIS_URL`: one server, at an address or a Unix socket, a Cluster, or a server that Sentinels watch. */
export type RedisTarget = Access & (ServerTarget | SocketTarget | ClusterTarget | SentinelTarget);

interface Access {
  username?: string;
  password?: string;
  /** True for TLS; the certificate is verified. */
  tls: boolean;
}

interface ServerTarget extends Address {
  kind: "server";
  db: number;
}

interface SocketTarget {
  kind: "socket";
  /** Path of the socket. */
  path: string;
  db: number;
}

interface ClusterTarget {
  kind: "cluster";
  /** Some of the nodes; the others are discovered through them. */
  nodes: Address[];
}

interface SentinelTarget {
  kind: "sentinel";
  sentinels: Address[];
  /** Name of the server at the Sentinels. */
  master: string;
  db: number;
  sentinelUsername?: string;
  sentinelPassword?: string;
}

export interface Address {
  host: string;
  port: number;
}

export class RedisUrlError extends Error {
  override name = "RedisUrlError";
}

const forms = {
  server: "redis://user:password@host:6379/0",
  socket: "unix://user:password@/run/redis/redis.sock?db=0",
  cluster: "redis+cluster://user:password@host:6379,host:6379",
  sentinel: "redis+sentinel://user:password@host:26379,host:26379/master-name?db=0",
};
const schemes = "redis://, unix://, redis+cluster:// or redis+sentinel:// (with TLS rediss:// and so on)";
/** Forms that clients of other languages use. */
const socketScheme = /^(?:unix|redis\+unix|redis\+socket):\/\/([^/?#]*)(\/[^?#]*)(?:\?([^#]*))?$/;

/**
 * Reads a URL of one of the forms above; user, password, ports, database and TLS (`rediss`) are optional. Special
 * characters in user, password or name must be percent-encoded.
 * @throws {RedisUrlError} saying what was expected, without repeating the URL, which may contain a password
 */
export function parseRedisUrl(url: string): RedisTarget {
  const socket = socketScheme.exec(url);
  if (socket) return readSocket(socket);
  const match = /^redis(s?)(?:\+(cluster|sentinel))?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url);
  if (!match) throw new RedisUrlError(`expected a URL that starts with ${schemes}`);
  const [, s, kind = "server", authority = "", path = "", query = ""] = match;
  const form = forms[kind as keyof typeof forms];
  const access = { tls: s === "s", ...readAccess(authority, form) };
  const settings = new URLSearchParams(query);
  const hosts = authority.slice(authority.lastIndexOf("@") + 1).split(",");

  if (kind === "cluster") {
    if (path !== "") throw new RedisUrlError(`expected ${form}: a Cluster has no databases`);
    refuseOthers(settings, [], form);
    return { kind, ...access, nodes: hosts.map((host) => readAddress(host, 6379, form)) };
  }
  if (kind === "sentinel") {
    const master = decode(path, form);
    if (master === "") throw new RedisUrlError(`expected ${form}: the master's name is missing`);
    refuseOthers(settings, ["db", "sentinelUsername", "sentinelPassword"], form);
    return {
      kind,
      ...access,
      sentinels: hosts.map((host) => readAddress(host, 26_379, form)),
      master,
      db: readDatabase(settings.get("db") ?? "0", form),
      ...pick(settings, "sentinelUsername"),
      ...pick(settings, "sentinelPassword"),
    };
  }
  if (hosts.length > 1) {
    throw new RedisUrlError(`expected one host; several are written ${forms.cluster} or ${forms.sentinel}`);
  }
  refuseOthers(settings, ["db"], form);
  const db = readDatabase(path === "" ? (settings.get("db") ?? "0") : path, form);
  return { kind: "server", ...access, ...readAddress(hosts[0] ?? "", 6379, form), db };
}

function readSocket([, authority = "", path = "", query = ""]: RegExpExecArray): RedisTarget {
  if (authority !== "" && !authority.endsWith("@")) {
    throw new RedisUrlError(`expected ${forms.socket}: a socket has no host, its path begins with /`);
  }
  const settings = new URLSearchParams(query);
  refuseOthers(settings, ["db"], forms.socket);
  return {
    kind: "socket",
    tls: false,
    ...readAccess(authority, forms.socket),
    path: decode(path, forms.socket),
    db: readDatabase(settings.get("db") ?? "0", forms.socket),
  };
}

function readAccess(authority: string, form: string): { username?: string; password?: string } {
  const at = authority.lastIndexOf("@");
  if (at === -1) return {};
  const [username = "", ...password] = authority.slice(0, at).split(":");
  return {
    ...(username !== "" && { username: decode(username, form) }),
    ...(password.length > 0 && { password: decode(password.join(":"), form) }),
  };
}

function readAddress(text: string, defaultPort: number, form: string): Address {
  const [, ipv6, name, port = `${defaultPort}`] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new RedisUrlError(`expected ${form}: a host or a port cannot be read`);
  }
  return { host, port: Number(port) };
}

function readDatabase(text: string, form: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new RedisUrlError(`expected ${form}: the database is a number`);
  return Number(text);
}

/** Refuses unknown settings: an ignored setting would be taken for an effective one. */
function refuseOthers(settings: URLSearchParams, known: string[], form: string): void {
  const unknown = [...settings.keys()].filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new RedisUrlError(`expected ${form}: there is no setting ${unknown.join(", ")}`);
}

function pick<Key extends string>(settings: URLSearchParams, key: Key): { [key in Key]?: string } {
  const value = settings.get(key);
  return value === null ? {} : ({ [key]: value } as { [key in Key]: string });
}

function decode(text: string, form: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError(`expected ${form}: a % that is meant as such is written %25`);
  }
}
