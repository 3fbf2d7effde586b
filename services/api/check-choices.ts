import { Problem } from "../../shared/errors.ts";
import { describeProviders, isConfigured } from "../../shared/provider-catalog.ts";
import type { SubmitRequest } from "../../shared/protocol/submit.ts";
import type { ApiContext } from "./api-context.ts";

/**
 * Checks what a request chose against what this service has.
 * @throws {Problem} naming what there is to choose from
 */
export function checkChoices({ assistants, config }: ApiContext, body: SubmitRequest): void {
  const { assistantType, provider, threadId } = body;
  if (assistantType !== undefined && !assistants.has(assistantType)) {
    refuse("assistantType", `there is no such assistant; there are: ${[...assistants.keys()].join(", ")}`);
  }
  if (provider !== undefined && !isConfigured(provider, config)) {
    const usable = describeProviders(config).filter(({ available }) => available);
    refuse("provider", `there is no such provider here; there are: ${usable.map(({ name }) => name).join(", ")}`);
  }
  if (threadId !== undefined) refuse("threadId", "this assistant keeps no threads at its provider");
}

function refuse(path: string, message: string): never {
  throw new Problem("invalid-request", `${path}: ${message}`, { errors: [{ path, message }] });
}
