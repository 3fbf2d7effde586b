import { type Request, type Response, Router } from "express";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { readKnowingAssistants } from "../../../shared/db/knowledge/sources.ts";
import { chooseProvider, defaultProvider } from "../../../shared/assistants/provider-catalog.ts";
import { listIn, textIn } from "../../../shared/assistants/localized-text.ts";
import { type AssistantInfo, assistantsQuery } from "../../../shared/protocol/service.ts";
import type { ApiContext } from "../api-context.ts";
import { parseQuery } from "../middleware/parse-input.ts";

/** Time for which it is remembered which assistants answer from the site's pages. */
const knowingForMs = 5000;

/** Routes that list providers and assistants and report the service's health. */
export function serviceRoutes(
  context: Pick<ApiContext, "assistants" | "db" | "health" | "providers" | "siteId" | "typicalReplies">,
): Router {
  const { health, providers, typicalReplies } = context;
  const router = Router();
  // While PostgreSQL is down, what was read last.
  let knowing: ReadonlySet<string | null> = new Set();
  const readKnowing = cachedFor(knowingForMs, async () => {
    knowing = await readKnowingAssistants(context.db.pool, context.siteId).catch(() => knowing);
  });

  router.get("/api/providers", async (_req: Request, res: Response) => {
    const known = await providers.read();
    res.json({ default: defaultProvider(known), providers: known });
  });

  router.get("/api/assistants", async (req: Request, res: Response) => {
    const { locale } = parseQuery(assistantsQuery, req.query);
    const [known, replySeconds] = await Promise.all([providers.read(), typicalReplies.read(), readKnowing()]);
    const infos = [...context.assistants].map(([type, assistant]): AssistantInfo => {
      const { name, description, title, greeting, suggestions, aiNotice, privacyUrl, consent, avatarUrl } = assistant;
      const typicalReplySeconds = replySeconds.get(type);
      return {
        type,
        name: textIn(name, locale),
        description: textIn(description, locale),
        provider: chooseProvider(assistant, known),
        people: assistant.people !== undefined,
        knowledge: knowing.has(null) || knowing.has(type),
        ...(title !== undefined && { title: textIn(title, locale) }),
        ...(greeting !== undefined && { greeting: textIn(greeting, locale) }),
        ...(aiNotice !== undefined && { aiNotice: aiNotice && textIn(aiNotice, locale) }),
        ...(privacyUrl !== undefined && { privacyUrl: privacyUrl && textIn(privacyUrl, locale) }),
        ...(consent !== undefined && { consent }),
        ...(avatarUrl !== undefined && { avatarUrl }),
        ...(typicalReplySeconds !== undefined && { typicalReplySeconds }),
        ...(suggestions !== undefined && { suggestions: [...listIn(suggestions, locale)] }),
      };
    });
    res.json({ assistants: infos });
  });

  router.get("/health", async (_req: Request, res: Response) => {
    const report = await health.read();
    res.status(report.status === "unhealthy" ? 503 : 200).json(report);
  });

  return router;
}
