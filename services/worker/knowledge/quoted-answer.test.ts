import { describe, expect, it } from "vitest";
import { tokenize } from "../../../shared/knowledge/analysis/tokenize.ts";
import type { FoundPassage } from "../../../shared/knowledge/retrieval/knowledge-search.ts";
import { numberOfAtom, splitAtAtoms } from "./atoms.ts";
import { composeAnswer } from "./quoted-answer.ts";

function passage(text: string, kind: FoundPassage["kind"] = "page"): FoundPassage {
  const place = { heading: "", begins: 0, ends: 1, rank: 1, why: [] };
  return { id: "1", documentId: "d", sourceId: "s", url: "", title: "", language: null, kind, text, ...place };
}

function compose(question: string, ...passages: FoundPassage[]): string | undefined {
  const why = tokenize(question).words.map((term) => ({ term, words: [term], weight: 1 }));
  const answer = composeAnswer(passages.map((each) => ({ ...each, why })));
  return (
    answer &&
    splitAtAtoms(answer)
      .map((piece) => (numberOfAtom(piece) === undefined ? piece : `[${numberOfAtom(piece)}]`))
      .join("")
  );
}

const returns = passage(
  "Returns\nYou can send a teapot back within thirty days. It must be in its box. Write to us first. We like tea.",
);

describe("an answer without a model", () => {
  it("is at most two whole sentences of the best passages, each with its citation", () => {
    expect(compose("Can I send a teapot back after thirty days?", returns)).toBe(
      "You can send a teapot back within thirty days.[1]",
    );
    expect(compose("teapot thirty tea", returns)).toBe("You can send a teapot back within thirty days.[1]");
    expect(compose("teapot first", returns)).toBe(
      "You can send a teapot back within thirty days.[1] Write to us first.[1]",
    );
    expect(
      compose(
        "express within",
        passage("Cards: Visa, Mastercard, American Express and others\nInvoice: within Austria, due in 14 days"),
      ),
    ).toBe("Cards: Visa, Mastercard, American Express and others[1]\n\nInvoice: within Austria, due in 14 days[1]");
    expect(
      compose(
        "teapot delivery free",
        passage("A teapot is free of lead."),
        passage("Delivery of a teapot is free above 50 euros."),
      ),
    ).toMatch(/^A teapot is free of lead\.\[1\] Delivery of a teapot is free above 50 euros\.\[2\]$/);
  });

  it("follows the telling words of a question, and reads on where it can", () => {
    const care = passage(
      "Cups may go into the dishwasher. Wash teapots by hand. Put pieces into a cold oven. Do not put them into the freezer.",
    );
    expect(compose("put cups dishwasher", care)).toBe("Cups may go into the dishwasher.[1]");
    const terms = passage(
      "You may send back anything. A big teapot is fine after three weeks. Rare glazes are never sent back.",
    );
    expect(compose("send teapot back", terms)).toBe(
      "You may send back anything.[1] A big teapot is fine after three weeks.[1]",
    );
  });

  it("adds the nearest of the sentences that tell nearly as much, past a nearer one that does not", () => {
    const text =
      "The stoneware dishwasher has a cup and a lid. A stoneware dishwasher. A stoneware dishwasher with a cup.";
    expect(compose("stoneware dishwasher cup lid", passage(text))).toBe(
      "The stoneware dishwasher has a cup and a lid.[1] A stoneware dishwasher with a cup.[1]",
    );
  });

  it("has at most 320 characters", () => {
    const long = `A teapot ${"is very ".repeat(30)}good.`;
    expect(compose("teapot", passage(`${long} ${long.replace("good", "bad")}`))).toBe(`${long}[1]`);
    expect(compose("teapot", passage(`A teapot ${"is very ".repeat(50)}good.`))).toBeUndefined();
  });

  it("begins with the beginning of an answer that the owner wrote", () => {
    expect(compose("Do you ship to Norway?", passage("Yes. Within five days. By post to Norway.", "question"))).toBe(
      "Yes.[1] Within five days.[1]",
    );
  });

  it("joins sentences of scripts without spaces directly, and takes no atoms from pages", () => {
    expect(compose("退货 运费", passage("三十天内可以退货。运费由我们承担。"))).toBe(
      "三十天内可以退货。[1]运费由我们承担。[1]",
    );
    expect(compose("teapot", passage("A teapot\uFDD5 is good."))).toBe("A teapot is good.[1]");
  });
});
