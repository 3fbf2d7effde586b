import { v7 } from "uuid";
import { hashOfAction } from "../../../shared/actions/declared-action.ts";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { textIn } from "../../../shared/assistants/localized-text.ts";
import { hashOfTool } from "../../../shared/assistants/tools/hash-of-tool.ts";
import { offeredParameters, valuesOfIdentity } from "../../../shared/assistants/tools/identity-parameters.ts";
import type { SiteTool } from "../../../shared/assistants/tools/site-tool.ts";
import type { ProposedAction } from "../../../shared/db/actions/proposals.ts";
import type { ActionCard } from "../../../shared/protocol/actions/action-card.ts";
import { fillWords } from "../../../shared/site-tools/outcome-words.ts";
import { maxWaitingActions } from "../../../shared/tunables.ts";
import type { ToolResult } from "../providers/tools/tool.ts";
import type { RunTool } from "../tools/tool-session.ts";
import type { ReadClaims } from "./read-claims.ts";
import { signInFirst } from "./sign-in-first.ts";

export interface ProposingOptions {
  locale: string | undefined;
  /** Reads the cards of the conversation. */
  readCards: () => Promise<readonly ActionCard[]>;
  claims: ReadClaims;
}

/**
 * Tools that change something, as a run carries them out: nothing is done, and the visitor is asked with the reply. What
 * they are asked is made from the site's template.
 */
export function proposingToolsOf(
  { tools = [] }: Pick<Assistant, "tools">,
  options: ProposingOptions,
): readonly RunTool[] {
  return tools
    .filter(({ confirm }) => confirm === "visitor")
    .map((tool) => ({
      name: tool.name,
      description: tool.description,
      parameters: offeredParameters(tool),
      endsReply: true,
      run: async (call, { proposals }) => proposeAction(tool, call.arguments ?? {}, { ...options, proposals }),
    }));
}

/** Has the visitor asked, with the reply. */
export async function proposeAction(
  tool: SiteTool,
  given: Record<string, unknown>,
  { locale, readCards, claims, proposals }: ProposingOptions & { proposals: Map<string, ProposedAction> },
): Promise<ToolResult> {
  const refusal = await refusalOf(tool, given, claims);
  if (refusal) return refusal;
  const waiting = (await readCards()).filter(({ state }) => state === "waiting").map((card) => card.tool);
  if (new Set([...waiting, ...proposals.keys(), tool.name]).size > maxWaitingActions) {
    return {
      text: "The visitor has enough questions open: they must answer those first. Nothing was done.",
      isError: false,
    };
  }
  proposals.set(tool.name, toAction(tool, given, locale));
  return {
    text: "Nothing has been done yet. With your answer the visitor gets a card with these values, and says yes or no there. Say in one short sentence that they can confirm it below. Never say that it is done.",
    isError: false,
  };
}

/** @returns why a call of a model is neither made nor asked about; `undefined` if it may be */
export async function refusalOf(
  tool: SiteTool,
  given: Record<string, unknown>,
  claims: ReadClaims,
): Promise<ToolResult | undefined> {
  // The compiler of schemas takes megabytes: it is loaded by the first call.
  const { faultOfModelArguments } = await import("../../../shared/assistants/tools/tool-arguments.ts");
  const noText = "The arguments hold characters that no text has.";
  const fault = faultOfModelArguments(tool, given) ?? (isStorable(given) ? undefined : noText);
  if (fault !== undefined) return { text: `${fault} Nothing was done, and the visitor was not asked.`, isError: true };
  return tool.identity && !valuesOfIdentity(tool, await claims()) ? signInFirst : undefined;
}

/** PostgreSQL's JSON takes neither U+0000 nor half a character, and the end of the job would fail with it. */
function isStorable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every((entry) => entry.every(isStorable));
}

/** Marks that turn the direction of the text after them: with one, a card could show other values than are sent. */
const turns = /[\u202a-\u202e\u2066-\u2069]/g;

/** A call of a model as an action. */
export function toAction(tool: SiteTool, given: Record<string, unknown>, locale: string | undefined): ProposedAction {
  const action = { tool: tool.name, version: hashOfTool(tool), arguments: given };
  return { ...action, id: v7(), hash: hashOfAction(action), ...toCard(tool, given, locale) };
}

function toCard({ name, card }: SiteTool, given: Record<string, unknown>, locale: string | undefined) {
  const fill = (text: NonNullable<typeof card>["title"]) =>
    fillWords(textIn(text, locale), (field) => (Object.hasOwn(given, field) ? given[field] : undefined)).replaceAll(
      turns,
      "",
    );
  return {
    title: card ? fill(card.title) : name,
    lines: (card?.lines ?? []).map(({ label, value }) => ({ label: fill(label), value: fill(value) })),
    ...(card?.yes !== undefined && { confirmLabel: textIn(card.yes, locale) }),
    ...(card?.no !== undefined && { refuseLabel: textIn(card.no, locale) }),
  };
}
