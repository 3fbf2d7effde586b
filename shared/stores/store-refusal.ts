/** Reason why a reachable store refuses a request. */
export interface Refusal {
  text: string;
  /** Advice for an operator. */
  mend: string;
}

interface KnownRefusal extends Refusal {
  /**
   * Matches Redis' error, which begins with its code, or PostgreSQL's SQLSTATE; scripts of old servers wrap it in more
   * text.
   */
  said: RegExp;
}

const known: readonly KnownRefusal[] = [
  {
    said: /\bOOM\b/,
    text: "Redis is full and takes no writes",
    mend: "raise maxmemory, or give it a server of its own; maxmemory-policy stays noeviction",
  },
  {
    said: /\bMISCONF\b/,
    text: "Redis cannot save to its disk and takes no writes",
    mend: "see its log: free its disk, mend `dir`, or set stop-writes-on-bgsave-error no",
  },
  {
    said: /\bREADONLY\b/,
    text: "Redis is a replica and takes no writes",
    mend: "point REDIS_URL at the master, or name the Sentinels",
  },
  {
    said: /\bNOREPLICAS\b/,
    text: "Redis has too few replicas and takes no writes",
    mend: "bring its replicas back, or lower min-replicas-to-write",
  },
  {
    said: /\bNOPERM\b|unknown command/i,
    text: "Redis does not let its user do what Parley needs",
    mend: "give that user the rights that docs/deploy.md lists under Redis",
  },
  {
    said: /\b(NOAUTH|WRONGPASS)\b/,
    text: "Redis does not take user and password of REDIS_URL",
    mend: "correct them in REDIS_URL",
  },
  {
    said: /max number of clients/,
    text: "Redis has no connection left",
    mend: "raise maxclients, or end clients that it has no need of",
  },
  {
    said: /DB index is out of range|invalid DB index/i,
    text: "Redis does not have the database of REDIS_URL",
    mend: "name one below its setting `databases`, or raise that",
  },
  {
    said: /\b(CLUSTERDOWN|MASTERDOWN|LOADING|BUSY)\b/,
    text: "Redis is not ready yet, or a script holds it up",
    mend: "see its log, and `CLUSTER INFO` of a Cluster",
  },
  {
    said: /^25006 /,
    text: "PostgreSQL is read-only",
    mend: "point DATABASE_URL at the primary, and set default_transaction_read_only to off",
  },
  { said: /^53100 /, text: "PostgreSQL's disk is full", mend: "give it more room, or delete what need not be kept" },
  {
    said: /^53300 /,
    text: "PostgreSQL has no connection left",
    mend: "raise max_connections, or lower DATABASE_CONNECTIONS",
  },
  {
    said: /^28\w{3} /,
    text: "PostgreSQL does not let us in",
    mend: "correct user, password and sslmode in DATABASE_URL, or pg_hba.conf",
  },
  {
    said: /^3D000 /,
    text: "PostgreSQL does not have the database of DATABASE_URL",
    mend: "create it (create database … encoding 'UTF8'), then npm run migrate, or correct DATABASE_URL",
  },
  {
    said: /^42501 /,
    text: "PostgreSQL does not let its role do what Parley needs",
    mend: "let the role of DATABASE_URL own the tables, or grant it what the owner may",
  },
];

/** Maximum length of a chain of causes. Chains are short; a circular one ends here. */
const maxDepth = 5;

/** Finds the refusal in an error of Redis or PostgreSQL; `undefined` for anything else, including an outage. */
export function describeRefusal(error: unknown, depth = 0): Refusal | undefined {
  if (!(error instanceof Error) || depth > maxDepth) return undefined;
  const said = sayingOf(error);
  const found = said === undefined ? undefined : known.find((refusal) => refusal.said.test(said));
  if (found) return { text: found.text, mend: found.mend };
  return describeRefusal(error.cause, depth + 1);
}

/** Limited to the stores' own errors: others may quote a visitor, who may write any of these words. */
function sayingOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  if (error.name === "ReplyError") return error.message;
  return typeof code === "string" && /^[\dA-Z]{5}$/.test(code) ? `${code} ${error.message}` : undefined;
}
