import { type Request, type Response, Router } from "express";
import { textIn } from "../../../../shared/assistants/localized-text.ts";
import { olderVersionRuns } from "../../../../shared/db/operators/process-reports.ts";
import {
  listPauses,
  pauseAssistant,
  type PauseRow,
  resumeAssistant,
} from "../../../../shared/db/voices/assistant-pauses.ts";
import { Problem } from "../../../../shared/errors.ts";
import { processVersion } from "../../../../shared/process/process-version.ts";
import type { AssistantState, AssistantStates } from "../../../../shared/protocol/people/assistants.ts";
import type { ApiContext } from "../../api-context.ts";
import { actorOf } from "../../access/operator-access.ts";
import { audit } from "../../desk/audit.ts";
import { requireNow } from "../../voices/voice-problems.ts";

type AssistantsContext = Pick<ApiContext, "assistants" | "db" | "siteId" | "operatorAccess" | "log">;

/** Routes about the assistants of the site, and the switch that pauses the AI of one. */
export function assistantRoutes(context: AssistantsContext): Router {
  const { db, siteId, operatorAccess, log } = context;
  const router = Router();

  router.get("/assistants", async (_req: Request, res: Response) => {
    const pauses = await listPauses(db.pool, siteId);
    // One that has left the configuration is listed while it is paused, so that this can be ended.
    const types = new Set([...context.assistants.keys(), ...pauses.map(({ assistantType }) => assistantType)]);
    const pauseOf = (type: string) => pauses.find(({ assistantType }) => assistantType === type);
    res.json({ assistants: [...types].map((type) => stateOf(context, type, pauseOf(type))) } satisfies AssistantStates);
  });

  router.put("/assistants/:type/pause", operatorAccess.require("admin"), async (req: Request, res: Response) => {
    const type = String(req.params["type"]);
    if (!context.assistants.has(type)) throw new Problem("not-found", "There is no such assistant.");
    audit(log, req, { actor: actorOf(res), what: "pause assistant", assistantType: type });
    // A worker of an older version would answer all the same.
    if (await olderVersionRuns(db.pool, processVersion)) requireNow({ type: "updating" });
    const { operatorId } = actorOf(res);
    res.json(stateOf(context, type, await pauseAssistant(db.pool, { siteId, assistantType: type, operatorId })));
  });

  router.delete("/assistants/:type/pause", operatorAccess.require("admin"), async (req: Request, res: Response) => {
    const type = String(req.params["type"]);
    audit(log, req, { actor: actorOf(res), what: "resume assistant", assistantType: type });
    await resumeAssistant(db.pool, siteId, type);
    res.status(204).end();
  });

  return router;
}

function stateOf(
  { assistants }: Pick<ApiContext, "assistants">,
  type: string,
  pause: PauseRow | undefined,
): AssistantState {
  const name = assistants.get(type)?.name;
  return {
    type,
    name: name === undefined ? type : textIn(name, "en"),
    ...(pause && {
      paused: { at: pause.pausedAt.toISOString(), ...(pause.operator !== null && { operator: pause.operator }) },
    }),
  };
}
