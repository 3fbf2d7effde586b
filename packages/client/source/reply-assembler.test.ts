import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobView } from "./protocol.d.ts";
import { ReplyAssembler, type JobProgress } from "./reply-assembler.ts";

const id = "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f";
const base = { jobId: id, conversationId: id, messageId: id, createdAt: "2026-01-01T00:00:00.000Z" };

/** View of a page that was told all this. */
class Page {
  text = "";
  id: string | undefined;
  ended = false;
  readonly resets: number[] = [];

  take(told: Iterable<JobProgress>): void {
    for (const progress of told) {
      if (progress.type === "delta") [this.text, this.id] = [this.text + progress.text, progress.id];
      if (progress.type === "reset") [this.text, this.id] = ["", undefined];
      if (progress.type === "reset") this.resets.push(progress.attempt);
      if ("job" in progress) this.ended = true;
    }
  }
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function active(attempt: number, partial: string): JobView {
  return { ...base, status: "active", attempt, partial };
}

function completed(attempt: number, text: string): JobView {
  const reply = { id, text, sender: "ai", timestamp: 1, fallback: false, finishReason: "stop" } as const;
  return { ...base, status: "completed", attempt, reply: { ...reply, sources: [] } };
}

describe("text of a followed reply", () => {
  it("equals the stored reply for any mix of streams and polls", () => {
    const character = fc.constantFrom("a", "é", "漢", "😀", " ");
    const attempts = fc.array(fc.array(character, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 });
    const news = fc.record({ of: fc.nat(2), to: fc.nat(12), how: fc.constantFrom("poll", "delta", "reset") });
    fc.assert(
      fc.property(attempts, fc.array(news, { maxLength: 40 }), (texts, all) => {
        const [followed, page] = [new ReplyAssembler(), new Page()];
        for (const { of, to, how } of all) {
          const text = texts[of];
          if (!text) continue;
          const attempt = of + 1;
          const sofar = text.slice(0, to).join("");
          if (how === "poll") page.take(followed.view(active(attempt, sofar)));
          if (how === "reset") page.take(followed.reset({ attempt }));
          if (how === "delta" && to > 0 && to <= text.length) {
            const delta = { text: text[to - 1] ?? "", offset: bytes(sofar) };
            try {
              page.take(followed.delta(delta, `${attempt}:${delta.offset}`));
            } catch (error) {
              // It asks for what is missing.
              expect(error).toBeInstanceOf(RangeError);
            }
          }
          expect(page.id).toBe(followed.id);
          if (page.id) expect(page.id.endsWith(`:${bytes(page.text)}`)).toBe(true);
          const now = texts[Number.parseInt(page.id ?? "1", 10) - 1];
          expect(now?.join("").startsWith(page.text)).toBe(true);
        }
        const last = texts.at(-1)?.join("") ?? "";
        page.take(followed.view(completed(texts.length, last)));
        expect(page.text).toBe(last);
        expect(page.ended).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("continues from the kept text if its id matches", () => {
    const followed = new ReplyAssembler({ text: "é😀", id: "2:6" });
    expect(followed.id).toBe("2:6");
    expect([...followed.delta({ text: "x", offset: 7 }, "2:7")]).toEqual([{ type: "delta", text: "x", id: "2:7" }]);
    for (const wrong of ["2:5", "2:7", ":6", "2:", "x", "", "2:6:1"]) {
      expect(new ReplyAssembler({ text: "é😀", id: wrong }).id).toBeUndefined();
    }
  });

  it("never returns to an earlier attempt", () => {
    const followed = new ReplyAssembler({ text: "new", id: "2:3" });
    expect([...followed.delta({ text: "old", offset: 3 }, "1:3")]).toEqual([]);
    expect([...followed.reset({ attempt: 1 })]).toEqual([]);
    expect([...followed.view(active(1, "old"))].map(({ type }) => type)).toEqual(["status"]);
    expect(followed.id).toBe("2:3");
  });

  it("stays when a poll returns less, as while drafts are down", () => {
    const followed = new ReplyAssembler({ text: "known", id: "1:5" });
    expect([...followed.view(active(1, ""))].map(({ type }) => type)).toEqual(["status"]);
    expect([...followed.view(active(1, "kno"))]).toEqual([]);
  });

  it("is dropped when a job ends without a reply", () => {
    const followed = new ReplyAssembler({ text: "lost", id: "1:4" });
    const failed: JobView = { ...base, status: "failed", attempt: 1 };
    expect([...followed.view(failed)]).toEqual([
      { type: "reset", attempt: 1 },
      { type: "failed", job: failed },
    ]);
  });

  it("reports each status once until reset", () => {
    const followed = new ReplyAssembler();
    const tell = (position: number) => [...followed.status({ status: "queued", attempt: 0, position })].length;
    expect([tell(3), tell(3), tell(2)]).toEqual([1, 0, 1]);
    followed.forgetStatus();
    expect(tell(2)).toBe(1);
  });
});
