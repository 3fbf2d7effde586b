import type { ExtractedLine } from "../../extracted-page.ts";
import { isSchemaNode, linesOfValue, textOf, typesOf, valuesOf, type SchemaNode } from "./schema-node.ts";

export interface StructuredQuestion {
  question: string;
  answer: ExtractedLine[];
}

/** Reads a `Question` with its accepted answer, or with all suggested ones if none was accepted. */
export function readQuestion(node: SchemaNode): StructuredQuestion | undefined {
  if (!typesOf(node).includes("Question")) return undefined;
  const question = textOf(node, "name") || textOf(node, "text") || textOf(node, "headline");
  const accepted = answersOf(node, "acceptedAnswer");
  const answer = accepted.length > 0 ? accepted : answersOf(node, "suggestedAnswer");
  return question === "" || answer.length === 0 ? undefined : { question, answer };
}

function answersOf(node: SchemaNode, property: string): ExtractedLine[] {
  return valuesOf(node, property).flatMap((answer) => {
    if (typeof answer === "string") return linesOfValue(answer);
    if (!isSchemaNode(answer)) return [];
    const texts = [...valuesOf(answer, "text"), ...valuesOf(answer, "articleBody"), ...valuesOf(answer, "description")];
    const [text] = texts
      .map((value) => (isSchemaNode(value) ? value["@value"] : value))
      .filter((value) => typeof value === "string");
    return text === undefined ? [] : linesOfValue(text);
  });
}
