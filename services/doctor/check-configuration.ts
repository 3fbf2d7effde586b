import { type Assistants, assistantsPath, readAssistants } from "../../shared/assistants/assistants.ts";
import { checkBudgets } from "../../shared/assistants/check-budgets.ts";
import { ConfigError, type readEnvironment } from "../../shared/config/config.ts";
import { describeOrigins } from "../../shared/config/describe-origins.ts";
import { pricesPath, readPrices } from "../../shared/assistants/prices.ts";
import { hoursPath, readHours } from "../../shared/hours/hours.ts";
import { describeProviders, providerAdvice } from "../../shared/assistants/provider-catalog.ts";
import { type Finding, fault, note, ok } from "./findings.ts";

export type DoctorEnvironment = ReturnType<typeof readEnvironment>;

/** Checks the files of `config/`, and settings that contradict each other or leave something open. */
export async function checkConfiguration(
  environment: DoctorEnvironment,
  faultOfEnvironment: ConfigError | undefined,
): Promise<{ findings: Finding[]; assistants: Assistants }> {
  const findings = [
    faultOfEnvironment === undefined
      ? ok(`the environment (NODE_ENV=${environment.NODE_ENV})`)
      : fault(faultOfEnvironment.message, "correct the environment or .env"),
  ];
  const files = await checkFiles(environment);
  findings.push(
    ...files.findings,
    checkProviders(environment),
    describeEmbedding(environment),
    ...describeProxies(environment),
    ...providerAdvice(withUrl(environment)).map((text) => note(text)),
  );
  if (environment.NODE_ENV === "production") findings.push(...checkProduction(environment));
  return { findings, assistants: files.assistants };
}

/** Checks each file, and, where both can be read, that budgets can be kept. */
async function checkFiles(environment: DoctorEnvironment): Promise<{ assistants: Assistants; findings: Finding[] }> {
  const [assistants, prices, hours] = await Promise.all([
    findFault(() => readAssistants(assistantsPath)),
    findFault(() => readPrices(pricesPath)),
    findFault(() => readHours(hoursPath), "docs/operators.md"),
  ]);
  const faults = [assistants, prices, hours].flatMap(({ finding }) => finding ?? []);
  const known = assistants.value ?? new Map();
  if (assistants.value === undefined || prices.value === undefined) return { assistants: known, findings: faults };
  const { value } = prices;
  const { finding } = await findFault(() => checkBudgets(known, value, describeProviders(withUrl(environment))));
  const said = ok(`${assistantsPath}: ${[...known.keys()].join(", ")}; ${pricesPath}`);
  return { assistants: known, findings: [finding ?? said, ...(hours.finding ? [hours.finding] : [])] };
}

async function findFault<T>(
  read: () => T | Promise<T>,
  document = "docs/providers.md",
): Promise<{ value?: T; finding?: Finding }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { finding: fault(error.message, `correct the file: ${document} lists its fields`) };
  }
}

function checkProviders(environment: DoctorEnvironment): Finding {
  const available = describeProviders(withUrl(environment)).filter(({ available: can }) => can);
  const named = available.map(({ name, model }) => (name === model ? name : `${name} (${model})`)).join(", ");
  if (available.some(({ name }) => name !== "preset")) return ok(`providers: ${named}`);
  return note(
    "no AI provider is configured, so every reply is a preset",
    "set OPENAI_API_KEY, ANTHROPIC_API_KEY or COMPATIBLE_BASE_URL",
  );
}

/** Lists the origins on which the chat works: a forgotten one is the most frequent fault of an embedding. */
function describeEmbedding(environment: DoctorEnvironment): Finding {
  const { ALLOWED_ORIGINS, NODE_ENV } = environment;
  const text = `the chat may be used on ${describeOrigins(environment)}`;
  if (ALLOWED_ORIGINS !== undefined || NODE_ENV !== "production") return ok(text);
  return note(text, "set ALLOWED_ORIGINS if the widget is embedded elsewhere");
}

/** Shows proxy addresses without the part before the `@`, which holds a password. */
function describeProxies({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY }: DoctorEnvironment): Finding[] {
  const ways = Object.entries({ http: HTTP_PROXY, https: HTTPS_PROXY }).flatMap(([scheme, proxy]) =>
    proxy === undefined ? [] : [`${scheme}:// through ${new URL(proxy).host}`],
  );
  if (ways.length === 0) return [];
  const except = NO_PROXY === undefined ? "" : `, except ${NO_PROXY}`;
  return [ok(`requests to providers, the challenge service and the trace collector: ${ways.join(", ")}${except}`)];
}

function checkProduction(environment: DoctorEnvironment): Finding[] {
  const { ADMIN_PASSWORD, CONVERSATION_ACCESS, METRICS_TOKEN, TRUST_PROXY } = environment;
  return [
    ...(ADMIN_PASSWORD === undefined ? [note("Bull Board is not served", "set ADMIN_PASSWORD")] : []),
    ...(METRICS_TOKEN === undefined ? [note("/metrics is not served", "set METRICS_TOKEN")] : []),
    ...(CONVERSATION_ACCESS === "open"
      ? [note("anyone who knows a conversation's id can read, write and delete it", "set CONVERSATION_ACCESS=token")]
      : []),
    ...(TRUST_PROXY === false
      ? [note("client addresses are taken from the connections", "behind a proxy, set TRUST_PROXY")]
      : []),
  ];
}

/** Adds a placeholder URL, because these checks need no database. */
function withUrl(environment: DoctorEnvironment) {
  return { ...environment, DATABASE_URL: environment.DATABASE_URL ?? "" };
}
