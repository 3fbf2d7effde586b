/** Environment variables that are set. */
export type Present = Record<string, string | undefined>;

/** Requirements of an API, and thus of a process that runs all parts. */
export function allNeeds(present: Present): string[] {
  return [
    ...secretMissing(present),
    ...poolerNeeds(present),
    ...embeddingNeeds(present),
    ...mailNeeds(present),
    ...contradictions(present),
    ...sharedPorts(present),
    ...demoNeeds(present),
  ];
}

/** Requirements of the parts that have no secret of an API. */
export function partNeeds(present: Present): string[] {
  return [
    ...poolerNeeds(present),
    ...embeddingNeeds(present),
    ...mailNeeds(present),
    ...databaseMissing(present),
    ...demoNeeds(present),
  ];
}

export function embeddingNeeds(present: Present): string[] {
  if (present["EMBEDDINGS_BASE_URL"] !== undefined) {
    const isWhole = present["EMBEDDINGS_MODEL"] !== undefined;
    return isWhole ? [] : ["EMBEDDINGS_MODEL: not set, expected with EMBEDDINGS_BASE_URL"];
  }
  return ["EMBEDDINGS_MODEL", "EMBEDDINGS_API_KEY", "EMBEDDINGS_DIMENSIONS", "EMBEDDINGS_DAILY_TOKENS"]
    .filter((name) => present[name] !== undefined)
    .map((name) => `${name}: set without EMBEDDINGS_BASE_URL, expected both or neither`);
}

/** The demo shop is made up: no visitor of a real one may read its orders. */
function demoNeeds({ NODE_ENV, DEMO_SHOP_URL }: Present): string[] {
  if (NODE_ENV !== "production" || DEMO_SHOP_URL === undefined) return [];
  return ["DEMO_SHOP_URL: is for development, and refused in production"];
}

function mailNeeds(present: Present): string[] {
  if (present["SMTP_URL"] === undefined) return [];
  return ["MAIL_FROM", "PUBLIC_URL"]
    .filter((name) => present[name] === undefined)
    .map((name) => `${name}: not set, expected with SMTP_URL`);
}

export function poolerNeeds({ DATABASE_POOLER, REDIS_URL }: Present): string[] {
  if (DATABASE_POOLER !== "transaction" || REDIS_URL !== undefined) return [];
  return [
    "DATABASE_POOLER: transaction, so a REDIS_URL is expected: LISTEN, which stands in for it, does not pass a pooler",
  ];
}

function secretMissing({ NODE_ENV, TOKEN_SECRET }: Present): string[] {
  if (NODE_ENV !== "production" || TOKEN_SECRET !== undefined) return [];
  return ["TOKEN_SECRET: required in production, at least 32 random characters (openssl rand -base64 32)"];
}

/**
 * Reports ports used twice. Each of these processes listens on its own port, and a worker's port may still clash with
 * another process's on the same machine.
 */
function sharedPorts({ PORT = "3000", ADMIN_PORT, WORKER_PORT }: Present): string[] {
  // Compare ports as numbers: 03000 is 3000.
  const others = [PORT, WORKER_PORT].filter((port) => port !== undefined).map(Number);
  if (ADMIN_PORT === undefined || !others.includes(Number(ADMIN_PORT))) return [];
  return ["ADMIN_PORT: expected another port than PORT and WORKER_PORT"];
}

function contradictions(present: Present): string[] {
  const { IDENTITY, CONVERSATION_ACCESS, IDENTITY_SECRET, TOKEN_SECRET, CHALLENGE_URL, CHALLENGE_SECRET } = present;
  const ofTokens = splitList(TOKEN_SECRET ?? "");
  return [
    ...(IDENTITY === "required" && IDENTITY_SECRET === undefined
      ? ["IDENTITY: required, so an IDENTITY_SECRET is expected, to verify visitors with"]
      : []),
    ...(IDENTITY === "required" && CONVERSATION_ACCESS === "open"
      ? [
          "IDENTITY: required, but with CONVERSATION_ACCESS=open anyone who knows the id of an anonymous visitor's conversation may read it: expected token there",
        ]
      : []),
    ...(splitList(IDENTITY_SECRET ?? "").some((secret) => ofTokens.includes(secret))
      ? ["IDENTITY_SECRET: expected another secret than TOKEN_SECRET: a conversation token would pass as an identity"]
      : []),
    ...(CHALLENGE_URL !== undefined && CHALLENGE_SECRET === undefined
      ? ["CHALLENGE_URL: set without CHALLENGE_SECRET, expected both or neither"]
      : []),
    ...(CHALLENGE_URL === undefined && CHALLENGE_SECRET !== undefined
      ? ["CHALLENGE_SECRET: set without CHALLENGE_URL, expected both or neither"]
      : []),
  ];
}

export function databaseMissing({ DATABASE_URL }: Present): string[] {
  if (DATABASE_URL !== undefined) return [];
  const example = "postgres://user:password@host:5432/database";
  return [`DATABASE_URL: not set, expected ${example} (npm start brings its own PostgreSQL)`];
}

/** Splits a comma-separated list. */
export function splitList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
