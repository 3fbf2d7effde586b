import type { ServiceProblem } from "../client/service-problem.ts";
import { texts } from "../texts.ts";

/** Says what went wrong and what to do, as the service says it where it knows more. */
export function problemText({ status, code, operator, message }: ServiceProblem): string {
  const { problems } = texts;
  if (status === 0 || status === 502 || status === 504) return problems.unreachable;
  if (status === 401) return problems.signIn;
  if (code === "handled") return problems.handled(operator ?? problems.somebody);
  if (code === "updating") return problems.updating;
  if (code === "assistant-paused") return problems.paused;
  if (code === "read-only") return texts.readOnly;
  if (status === 404) return problems.gone;
  if (status === 429) return message || problems.often;
  return message || problems.fallback;
}
