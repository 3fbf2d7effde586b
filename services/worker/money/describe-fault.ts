import type { CallErrorCode, CallFault } from "../../../shared/db/jobs/call-faults.ts";
import { CircuitOpen } from "../providers/circuit.ts";
import { ProviderError } from "../providers/provider.ts";
import { withoutUnknownNames } from "../providers/upstream/errors/errors.ts";
import { Stopped } from "../run/leases.ts";
import { isDeadline, TimeSliceOver } from "../run/time-slice.ts";

/** The call would exceed the assistant's daily budget, so it was not made. */
export class BudgetExceeded extends ProviderError {
  constructor(assistantType: string) {
    super("rejected", `the budget of the assistant ${assistantType} is used up for today`);
  }
}

const maxDetailChars = 300;

/**
 * Describes for operators why a call gave no reply, without a word of the upstream.
 * @param begun a part of the answer had arrived
 */
export function describeFault(error: unknown, begun = false): CallFault {
  if (!(error instanceof ProviderError) || isDeadline(error))
    return { code: codeOfStop(error), status: null, detail: null };
  const own = error instanceof CircuitOpen || error instanceof BudgetExceeded;
  return {
    code: codeOf(error, begun),
    status: error.status ?? null,
    detail: own ? null : withoutUnknownNames(error.message).slice(0, maxDetailChars),
  };
}

function codeOf(error: ProviderError, begun: boolean): CallErrorCode {
  if (error instanceof CircuitOpen) return "circuit_open";
  if (error instanceof BudgetExceeded) return "budget";
  if (error.refusedKey) return "refused_key";
  return error.cut || (begun && error.code === "unreachable") ? "cut" : error.code;
}

/** Maps the abort reason of a stopped call. */
function codeOfStop(error: unknown): CallErrorCode {
  if (error instanceof Stopped) return error.reason;
  if (error instanceof TimeSliceOver) return "time_slice";
  return isDeadline(error) ? "deadline" : "error";
}
