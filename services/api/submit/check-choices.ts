import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { Problem } from "../../../shared/errors.ts";
import { chooseProvider, isAvailable } from "../../../shared/assistants/provider-catalog.ts";
import type { ProviderInfo } from "../../../shared/protocol/service.ts";
import type { SubmitRequest } from "../../../shared/protocol/submit.ts";
import type { ApiContext } from "../api-context.ts";
import type { Visitor } from "../access/identity.ts";

/**
 * Checks a request's choices against the assistants and providers of this service.
 * @returns the thread that the request brings, if it may continue it
 * @throws {Problem} listing the valid choices
 */
export async function checkChoices(
  context: Pick<ApiContext, "assistants" | "config" | "providers">,
  body: SubmitRequest,
  visitor: Visitor | undefined,
): Promise<{ provider: string; id: string } | null> {
  const { assistants, config, providers } = context;
  const { assistantType = "default", provider, threadId } = body;
  const assistant = assistants.get(assistantType);
  if (!assistant)
    refuse("assistantType", `there is no such assistant; there are: ${[...assistants.keys()].join(", ")}`);
  if (provider === undefined && threadId === undefined) return null;
  const known = await providers.read();
  if (provider !== undefined && !isAvailable(provider, known)) {
    const usable = known.filter(({ available }) => available);
    refuse("provider", `there is no such provider here; there are: ${usable.map(({ name }) => name).join(", ")}`);
  }
  if (threadId === undefined) return null;
  // A client that may name any thread could read other visitors' threads under our key. So the setting must allow
  // it, or the embedding site must vouch for the visitor.
  if (!config.ADOPT_THREADS && !visitor) refuse("threadId", "this service does not continue threads it did not begin");
  return checkThread(known, assistant, { override: provider, id: threadId });
}

function checkThread(
  known: readonly ProviderInfo[],
  assistant: Assistant,
  { override, id }: { override: string | undefined; id: string },
) {
  const provider = override ?? chooseProvider(assistant, known);
  const info = known.find(({ name }) => name === provider);
  if (assistant.state !== "provider" || !info?.capabilities.threads) {
    refuse("threadId", "this assistant keeps no threads at its provider");
  }
  return { provider, id };
}

export function refuse(path: string, message: string): never {
  throw new Problem("invalid-request", `${path}: ${message}`, { errors: [{ path, message }] });
}
