import type { Claims } from "../../../shared/assistants/tools/identity-parameters.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { Logger } from "../../../shared/logger.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

/** Reads the claims of the visitor's identity that came with a job's message; `undefined`: none came. */
export type ReadClaims = () => Promise<Claims | undefined>;

/** Opens the claims of a job at the first call of a tool that takes some. They are in the memory of its run only. */
export function claimsOfJob(
  context: Pick<WorkerContext, "claimsSeal" | "reclaimGuard">,
  { id, claims }: Pick<ClaimedJob, "id" | "claims">,
  log: Logger,
): ReadClaims {
  const open = async () => {
    if (claims === null) return undefined;
    const seal = await untilStored(context.claimsSeal, { ...context, log });
    const opened = seal.open(id, claims);
    if (!opened) log.error("an identity was sealed under another SECRETS_KEY: give APIs and workers the same one");
    return opened;
  };
  let opening: Promise<Claims | undefined> | undefined;
  return () => (opening ??= open());
}
