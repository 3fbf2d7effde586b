import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newHabits, ServerHabits } from "./server-habits.ts";
import { ShownText } from "./shown-text.ts";
import type { Source } from "./sources.ts";

interface Options {
  habits?: ReturnType<typeof newHabits>;
  sources?: readonly Source[];
  finishReason?: "stop" | "length" | "content_filter";
}

function show(pieces: readonly string[], { habits, sources, finishReason }: Options = {}): string {
  const shown = new ShownText(habits);
  if (sources) shown.know(sources);
  return pieces.map((piece) => shown.push(piece)).join("") + shown.end(finishReason);
}

const two: readonly Source[] = [{ url: "https://example.com/a" }, { title: "B", url: "https://example.com/b" }];

describe("model thoughts", () => {
  it.each([
    ["<think>\nNo refund.\n</think>\n\nSorry.", "Sorry."],
    ["\n\n<think>\n\n</think>\n\nSorry.", "Sorry."],
    ["<THINK>a</THINK>Sorry.", "Sorry."],
    ['<thinking time="3">a</thinking> Sorry.', "Sorry."],
    ["<reasoning>a</reasoning>Sorry.", "Sorry."],
    ["<thought>a `</think>` b</thought>Sorry.", "Sorry."],
    ["<seed:think>a</seed:think>Sorry.", "Sorry."],
    ["<longcat_think>a</longcat_think>Sorry.", "Sorry."],
    ["[THINK]a [b] c[/THINK]Sorry.", "Sorry."],
    ["◁think▷a◁/think▷Sorry.", "Sorry."],
    ["<think>a</think>\n<think>b</think>\nSorry.", "Sorry."],
    ["<think>a ``` b</think>Sorry.", "Sorry."],
    ["<think>İİİ</think>Üzgünüm.", "Üzgünüm."],
    ["<think>a</think>\n<answer>\nSorry.\n</answer>\n", "Sorry."],
    ["<think>a</think><response>Sorry.</response>", "Sorry."],
    ["<|begin_of_thought|>a<|end_of_thought|>\n\n<|begin_of_solution|>\nSorry.\n<|end_of_solution|>", "Sorry."],
    ["<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Sorry.<|END_RESPONSE|>", "Sorry."],
    ["<|channel>thought\na<channel|>Sorry.", "Sorry."],
    ["<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Sorry.<|return|>", "Sorry."],
    ["<|start|>assistant<|channel|>final<|message|>Sorry.", "Sorry."],
    ["<|channel|>analysis<|message|>a", ""],
    ["analysisWe say no.assistantfinalSorry.", "Sorry."],
    ["<think>never closed. Sorry.", ""],
    ["<think>a</think>", ""],
    ["<think>a</think>Sorry. <think>b</think> </think>", "Sorry. <think>b</think> </think>"],
  ])("are dropped at the beginning, however they are cut: %j", (text, expected) => {
    expect(show([text])).toBe(expected);
    expect(show(Array.from(text))).toBe(expected);
  });

  it.each([
    ["The visitor wants a refund.\n</think>\n\nSorry.", "Sorry."],
    ["a 'b` c</think>Sorry.", "a 'b` c</think>Sorry."],
    ["a\n\nb[/THINK]Sorry.", "Sorry."],
    ["a</seed:think>\n<response>Sorry.</response>", "Sorry."],
  ])("are dropped without their opening tag where nothing was passed on yet: %j", (text, expected) => {
    expect(show([text])).toBe(expected);
  });

  it.each([
    "Write `</think>` behind it.",
    "```\n</think>\n```\nThat is all.",
    "~~~html\n<think>a</think>\n~~~",
    "The tag <think> begins thoughts, and </think> ends them.",
    "Thinking of you. <think>a</think>",
    "< think> and <thin and [THIN and analysis of it, analysis",
    "<thinker>a</thinker>",
    "  Indented.\n",
    "`<think>` is a tag.",
    "",
  ])("are not what stands in code or in the middle: %j", (text) => {
    expect(show([text])).toBe(text);
    expect(show(Array.from(text))).toBe(text);
  });

  it("passed on before they ended fail the call, and the next one holds them back", () => {
    const habits = newHabits();
    const shown = new ShownText(habits);
    expect(shown.push("The visitor wants ")).toBe("The visitor wants ");
    expect(shown.push("a refund.</think>Sorry.")).toBe("");
    expect(shown.fault).toMatchObject({ code: "malformed" });
    expect(shown.push("More.") + shown.end()).toBe("");
    expect(show(Array.from("a</think>Sorry."), { habits })).toBe("Sorry.");
    // A reply without thoughts comes whole, at its end.
    expect(show(["Good ", "day."], { habits })).toBe("Good day.");
    expect(show(["All tokens were"], { habits, finishReason: "length" })).toBe("");
    expect(show(["They are"], { habits, finishReason: "content_filter" })).toBe("");
    expect(show(Array.from("b</think>Sorry."), { habits })).toBe("Sorry.");
  });

  it.each(["deepseek-r1:14b", "Qwen/QwQ-32B", "qwen3-235b-a22b-thinking-2507", "deepseek-reasoner"])(
    "are held back from the first reply on where the model's template opens them: %s",
    (model) => {
      const habits = new ServerHabits({ namesTell: true }).of(model);
      expect(show(Array.from("a</think>Sorry."), { habits })).toBe("Sorry.");
    },
  );

  it("sent in a field of their own leave the text unchanged", () => {
    const habits = new ServerHabits({ namesTell: true }).of("deepseek-r1");
    const shown = new ShownText(habits);
    shown.thoughtsAreApart();
    expect(shown.push("Good day. ")).toBe("Good day. ");
    expect(new ServerHabits({ namesTell: true }).of("gpt-4r12").opening).toBe("unknown");
  });

  it("are removed from each message of a reply", () => {
    const shown = new ShownText();
    expect(shown.push("<think>a</think>One.") + shown.end()).toBe("One.");
    expect(shown.push("<think>b</think>Two.") + shown.end()).toBe("Two.");
  });
});

describe("source marks", () => {
  it.each([
    ["Returns are free【4:0†returns.txt】.", "Returns are free."],
    ["Returns are free 【4†source】【12:3†a b.pdf】.", "Returns are free."],
    ["Returns are free[4:0†source].", "Returns are free."],
    ["Returns are free\uE200cite\uE202turn0search0\uE202turn0search2\uE201.", "Returns are free."],
    ["`Returns \uE200cite\uE202turn0file0\uE201`", "`Returns `"],
    ["Returns are free. citeturn0search0turn1news2 Yes.", "Returns are free. Yes."],
    ["Returns are free:contentReference[oaicite:0]{index=0}.", "Returns are free."],
    ["Returns are free [doc1][doc2].", "Returns are free."],
    ["Returns are free[^1^][^2^].", "Returns are free."],
    ["Returns are free [citation:3].", "Returns are free."],
    ["The shop opens at nine[1][2].", "The shop opens at nine."],
    ["The shop opens at nine [1][2] and closes at six[3] daily.", "The shop opens at nine and closes at six daily."],
    ["The shop opens at nine[1] and closes at six[2].", "The shop opens at nine and closes at six."],
    ["店は九時に開きます[1]。そして[2]閉まります。", "店は九時に開きます。そして閉まります。"],
    ["**At nine**[1], “as said”[2].", "**At nine**, “as said”."],
    ["Cut off\uE200cite\uE202turn0", "Cut off"],
    ["Cut off 【4:0†retu", "Cut off"],
    ["At nine[1]\n\n[1] Opening hours, example.com", "At nine\n\n[1] Opening hours, example.com"],
  ])("go where no sources are known: %j", (text, expected) => {
    expect(show([text])).toBe(expected);
    // A blank that came alone was passed on before the mark.
    expect(withoutBlanks(show(Array.from(text)))).toBe(withoutBlanks(expected));
    expect(show(Array.from(text), { habits: { ...newHabits(), cites: true } })).toBe(expected);
  });

  it("hold back no word that ends like the beginning of one", () => {
    expect(new ShownText().push("a topic")).toBe("a topic");
    expect(new ShownText().push("half of 1f3c")).toBe("half of 1f3c");
  });

  it("leave one space between two words if the first was already passed on", () => {
    expect(show(["At nine ", "【4:0†a.txt】", " and six."])).toBe("At nine and six.");
  });

  it.each([
    ["At nine [1].", "At nine."],
    ["At nine [1] and six [2].", "At nine and six."],
    ["At nine [1, 2].", "At nine."],
    ["At nine [1-2].", "At nine."],
    ["At nine[^1].", "At nine."],
    ["At nine【1】.", "At nine."],
    ["[1][2]\nAt nine.", "\nAt nine."],
  ])("go where they name a known source: %j", (text, expected) => {
    expect(show([text], { sources: two })).toBe(expected);
    expect(show(Array.from(text), { sources: two })).toBe(expected);
  });

  it.each([
    "`items[1]` and ``a`[2]`` and\n```js\nx[1][2];\n```\n",
    "~~~\nnine[1]\n~~~",
    "[1](https://example.com) and [here][1] and [[1]](https://example.com) and ![1]",
    "[1]: https://example.com\n[2]: https://example.com",
    "> [1] Opening hours\n\n- [2] Prices",
    "array[1], items[2], a[1], user_ids[1], lineItems[1], matrix[1][2] = 3, f[1](x)",
    "items[7], year[2024], x[0], room[07], nine[42]",
    "Press [1] for sales. The numbers are [1, 2, 3], or [1-3].",
    "Seen in the list 【1】 and [^1], c, ci, cite, cited, : and :c",
    "Not a mark: 【†, [†, 【note】, [doc], [docs1], [citation]",
    "a  b \t c ",
    String.raw`\[1] stays`,
  ])("are not links, code, lists or an index: %j", (text) => {
    expect(show([text])).toBe(text);
    expect(show(Array.from(text))).toBe(text);
  });

  it.each(["y[1][2]=3", "f[1](x)", "a[1]b", "[1] Opening hours", "[here][1]", "`items[1]`", "items[7]", "x[0]"])(
    "are not code, links or lists, although sources are known: %j",
    (text) => {
      expect(show([text], { sources: two })).toBe(text);
    },
  );

  it("of a server that sends sources are recognised before it names them", () => {
    const habits = newHabits();
    expect(show(["At nine [1]."], { habits })).toBe("At nine [1].");
    expect(show(["At nine [1]."], { habits, sources: two })).toBe("At nine.");
    expect(show(["At nine [1], [2]."], { habits })).toBe("At nine,.");
  });
});

function withoutBlanks(text: string): string {
  return text.replace(/[ \t]/g, "");
}

describe("text shown to visitors", () => {
  const fragments =
    "<think> </think> <thin k> [THINK] [/THINK] <|channel|> analysis final <|message|> <|end|> <answer> [1] [2] [ ] ( 1 , 【 † 】 4: cite turn0search0 \uE200 \uE201 ` ``` ~~~ : a B . 🙂 é [doc1] \\ ! analysis".split(
      " ",
    );
  const text = fc.array(fc.constantFrom(...fragments, " ", "\n", "\n\n"), { maxLength: 20 }).map((all) => all.join(""));

  it("is the same for any split, unless thoughts were already passed on", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 80 }), { maxLength: 6 }), (whole, cuts) => {
        const places = [0, ...cuts.filter((at) => at < whole.length).toSorted((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));
        const shown = new ShownText();
        const out = pieces.map((piece) => shown.push(piece)).join("") + shown.end();
        if (!shown.fault) expect(withoutBlanks(out)).toBe(withoutBlanks(show([whole])));
      }),
      { numRuns: 5000 },
    );
  });

  it("is unchanged where nothing looks like a mark", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (whole) => {
        const plain = whole.replace(/[<[【◁\uE200:]|cite/g, "");
        expect(show(Array.from(plain))).toBe(plain);
      }),
    );
  });

  it("is passed on at once, except for what may become a mark", () => {
    const shown = new ShownText();
    expect(["Good", " day, it", " is [", "x] 【ok", "】."].map((piece) => shown.push(piece))).toEqual([
      "Good",
      " day, it",
      " is",
      " [x] 【ok",
      "】.",
    ]);
  });
});
