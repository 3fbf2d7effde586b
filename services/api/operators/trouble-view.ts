import type { RefusedKey } from "../../../shared/db/operators/refused-keys.ts";
import type { PauseRow } from "../../../shared/db/voices/assistant-pauses.ts";
import { formatTime } from "./format.ts";
import { html, type Html } from "./html.ts";

/** Trouble with providers that needs an operator, or shows why replies are apologies. */
export interface Trouble {
  refusedKeys: readonly RefusedKey[];
  /** Workers that skip a provider, by its name. */
  openCircuits: Readonly<Record<string, number>>;
  /** Assistants that an admin has paused. */
  pauses: readonly PauseRow[];
}

/** Banner above every operators' page; empty while all is well. */
export function troubleView({ refusedKeys, openCircuits, pauses }: Trouble): Html {
  const open = Object.entries(openCircuits);
  if (refusedKeys.length === 0 && open.length === 0 && pauses.length === 0) return html``;
  return html`<div class="trouble" role="alert">
    ${pauses.map(
      ({ assistantType, pausedAt, operator }) =>
        html`<p>
          <strong>The assistant “${assistantType}” is paused</strong> by ${operator ?? "somebody"} since
          ${formatTime(pausedAt.getTime())}. Its visitors wait for people.
        </p>`,
    )}
    ${refusedKeys.map(
      ({ provider, refusedAt }) =>
        html`<p>
          <strong>${provider} refuses its API key</strong>, last at ${formatTime(refusedAt)}. Check the key and its
          permissions, and restart the workers if you change it.
        </p>`,
    )}
    ${open.map(
      ([provider, workers]) =>
        html`<p>
          <strong>${provider} is down</strong>: ${workers} ${workers === 1 ? "worker skips" : "workers skip"} it until
          it answers a probe.
        </p>`,
    )}
  </div>`;
}
