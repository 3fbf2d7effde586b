import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobView } from "../../../shared/protocol/job.ts";
import type { PersonMessage } from "./chat-state.ts";
import {
  finalFields,
  fromHistory,
  fromStored,
  hasUnansweredAfter,
  type ChatItem,
  isLeftToPeople,
  isOpenReply,
  merge,
  tailOf,
  toStored,
  withAccepted,
  withoutReplaced,
  withReply,
} from "./items.ts";

function asked(n: number, key = `q${n}`): ChatItem {
  return { sender: "user", key, id: `q${n}`, text: `question ${n}`, timestamp: n, delivery: "sent" };
}

function answered(n: number, key = `a${n}`): ChatItem {
  return { sender: "ai", key, id: `a${n}`, text: `answer ${n}`, timestamp: n, phase: "complete" };
}

function writing(n: number): ChatItem {
  return { sender: "ai", key: `job${n}`, jobId: `job${n}`, text: "answ", at: "1:4", timestamp: n, phase: "writing" };
}

function failed(n: number): ChatItem {
  return { sender: "ai", key: `job${n}`, text: "", timestamp: n, phase: "failed", failure: "Sorry." };
}

function said(n: number): ChatItem {
  return {
    sender: "operator",
    key: `p${n}`,
    id: `p${n}`,
    text: `person ${n}`,
    timestamp: n,
    operator: { name: "Ada" },
  };
}

const keys = (items: readonly ChatItem[]) => items.map(({ key }) => key);
const all = (items: readonly ChatItem[]) => new Set(keys(items));

describe("page of a conversation", () => {
  it("is placed before newer messages and fills gaps", () => {
    const here = [asked(3), writing(3)];
    const page = [asked(1), answered(1), asked(2), answered(2)];
    expect(keys(merge(here, page, new Set()))).toEqual(["q1", "a1", "q2", "a2", "q3", "job3"]);
    expect(keys(merge([asked(1), asked(2), answered(2)], page, new Set()))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("does not change a reply that is being followed", () => {
    const merged = merge([asked(1), writing(1)], [asked(1), asked(2)], new Set());
    expect(keys(merged)).toEqual(["q1", "job1", "q2"]);
    expect(merged[1]).toEqual(writing(1));
  });

  it("completes a reply and keeps its key", () => {
    const merged = merge([asked(1, "mine"), writing(1)], [asked(1), answered(1), asked(2)], new Set());
    expect(keys(merged)).toEqual(["mine", "job1", "q2"]);
    expect(merged[1]).toMatchObject({ id: "a1", text: "answer 1", phase: "complete" });
    expect(merged.some(isOpenReply)).toBe(false);
  });

  it("keeps local state: failed, stopped, rating", () => {
    const stopped: ChatItem = { ...answered(2), sender: "ai", phase: "stopped", rating: "down" };
    const merged = merge([asked(1), failed(1), asked(2), stopped], [asked(1), asked(2), answered(2)], new Set());
    expect(merged[1]).toEqual(failed(1));
    expect(merged[3]).toMatchObject({ phase: "stopped", rating: "down" });
  });

  it("shows a failed reply that an operator retried", () => {
    const merged = merge([asked(1), failed(1)], [asked(1), answered(1)], new Set());
    expect(merged[1]).toMatchObject({ key: "job1", id: "a1", phase: "complete", text: "answer 1" });
    expect(merged).toHaveLength(2);
    expect(merged[1]).not.toMatchObject({ failure: "Sorry." });
  });

  it("replaces far older items but none that arrived while it was fetched", () => {
    const old = [asked(1), answered(1)];
    const page = [asked(60), answered(60), asked(61), answered(61)];
    const merged = merge([...old, asked(62), writing(62)], page, all(old));
    expect(keys(merged)).toEqual(["q60", "a60", "q61", "a61", "q62", "job62"]);
  });

  it("keeps a person's message apart from the assistant's replies", () => {
    const page = [asked(1), said(2), asked(3), said(4), said(5)];
    expect(keys(merge([asked(1), writing(1)], page, new Set()))).toEqual(["q1", "job1", "p2", "q3", "p4", "p5"]);
    expect(keys(merge([asked(1), said(2)], [asked(1), answered(1), said(2)], new Set()))).toEqual(["q1", "a1", "p2"]);
    // A page of an earlier version stores them without their author.
    const { operator: _, ...nameless } = said(2) as PersonMessage;
    expect(merge([nameless], [said(2)], new Set())).toEqual([said(2)]);
    expect(merge([said(2)], [nameless], new Set())).toEqual([said(2)]);
  });

  it("puts in order what events alone have put elsewhere", () => {
    const page = [asked(1), answered(1), said(2), said(3), asked(4), answered(4)];
    const shuffled = fc.shuffledSubarray(page, { minLength: 1 });
    fc.assert(
      fc.property(shuffled, (here) => {
        expect(keys(merge(here, page, all(here), true))).toEqual(keys(page));
      }),
    );
    expect(keys(merge([asked(1), said(3), said(2), asked(5), writing(5)], page, new Set(), true))).toEqual([
      ...keys(page),
      "q5",
      "job5",
    ]);
  });

  it("leaves the order as it is where another tab has stored it", () => {
    expect(keys(merge([said(2), said(3)], [said(3), said(2)], new Set()))).toEqual(["p2", "p3"]);
  });

  it("changes nothing when empty", () => {
    const here = [asked(1), writing(1)];
    expect(merge(here, [], all(here))).toBe(here);
  });

  it("merges to the same result in any order of pages and tabs", () => {
    const turns = fc.integer({ min: 1, max: 12 });
    const span = fc
      .tuple(fc.nat(23), fc.nat(23))
      .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b) + 1]);
    fc.assert(
      fc.property(turns, span, fc.array(span, { maxLength: 6 }), (count, [from, to], spans) => {
        const whole = Array.from({ length: count }, (_, n) => [asked(n), answered(n)]).flat();
        let here: readonly ChatItem[] = whole.slice(from, to);
        for (const [start, end] of spans) {
          const page = whole.slice(start, end);
          here = merge(here, page, all(here));
          expect(keys(here)).toEqual(keys(whole.filter(({ key }) => keys(here).includes(key))));
          expect(keys(here)).toEqual(expect.arrayContaining(keys(page)));
        }
        expect(keys(merge(here, whole, all(here)))).toEqual(keys(whole));
      }),
    );
  });
});

describe("accepted message", () => {
  const entry = { key: "mine", text: "question 2", timestamp: 5 };
  const accepted = { messageId: "q2", jobId: "job2" };

  it("is appended with a place for its reply", () => {
    const items = withAccepted([asked(1), answered(1)], entry, accepted);
    expect(items.slice(2)).toMatchObject([
      { key: "mine", id: "q2", delivery: "sent" },
      { sender: "ai", key: "job2", jobId: "job2", phase: "queued", text: "" },
    ]);
  });

  it("appears once if the history arrived first", () => {
    expect(keys(withAccepted([asked(1), answered(1), asked(2)], entry, accepted))).toEqual(["q1", "a1", "q2", "job2"]);
    expect(keys(withAccepted([asked(2), answered(2), asked(3)], entry, accepted))).toEqual(["q2", "a2", "q3"]);
  });

  it("has no place for a reply where a person answers", () => {
    expect(keys(withAccepted([asked(1)], entry, { messageId: "q2", jobId: undefined }))).toEqual(["q1", "mine"]);
    expect(keys(withReply([asked(1), said(2)], "q1", { jobId: "job1", timestamp: 5 }))).toEqual(["q1", "job1", "p2"]);
  });

  it("has one reply", () => {
    const once = withAccepted([], entry, accepted);
    expect(withReply(once, "q2", { jobId: "job2", timestamp: 5 })).toBe(once);
    expect(keys(withReply([asked(1)], "unknown", { jobId: "job2", timestamp: 5 }))).toEqual(["q1", "job2"]);
  });
});

describe("messages that were replaced", () => {
  const replacing = (n: number, replaced: number): ChatItem => ({
    ...asked(n),
    sender: "user",
    delivery: "sent",
    replaces: `q${replaced}`,
  });

  it("are left out with their replies, through the whole chain", () => {
    const items = [
      asked(1),
      answered(1),
      asked(2),
      answered(2),
      replacing(3, 2),
      answered(3),
      replacing(4, 3),
      writing(4),
    ];
    expect(keys(withoutReplaced(items))).toEqual(["q1", "a1", "q4", "job4"]);
    expect(withoutReplaced(items)[0]).toBe(items[0]);
  });

  it("are joined by replies without a word, as a page of an earlier version stores them where people answer", () => {
    const empty: ChatItem = { sender: "ai", key: "job1", text: "", timestamp: 1, phase: "complete" };
    expect(keys(withoutReplaced([asked(1), empty, said(2)]))).toEqual(["q1", "p2"]);
  });

  it("do not take a person's message with them", () => {
    expect(keys(withoutReplaced([asked(1), said(2), replacing(3, 1)]))).toEqual(["p2", "q3"]);
  });

  it("are left out where they have no reply, and leave the next one's", () => {
    const items = [asked(1), asked(2), answered(2), replacing(3, 1)];
    expect(keys(withoutReplaced(items))).toEqual(["q2", "a2", "q3"]);
  });

  it("stay while nothing that was accepted replaces them", () => {
    const items = [asked(1), answered(1)];
    expect(withoutReplaced(items)).toEqual(items);
  });

  it("are known from the message accepted here, from the history, and from a stored one merged with it", () => {
    const here = withAccepted(
      [asked(1), answered(1)],
      { key: "mine", text: "question 2", timestamp: 5, request: { replaces: "q1" } },
      { messageId: "q2", jobId: "job2" },
    );
    expect(keys(withoutReplaced(here))).toEqual(["mine", "job2"]);
    const message = { id: "q2", sender: "user", text: "question 2", timestamp: 5 } as const;
    const page = [asked(1), answered(1), fromHistory({ ...message, replaces: "q1" })];
    expect(keys(withoutReplaced(page))).toEqual(["q2"]);
    expect(keys(withoutReplaced(merge([asked(2)], page, new Set())))).toEqual(["q2"]);
    // A process of the version before leaves the field out.
    expect(keys(withoutReplaced(merge(here, [fromHistory(message)], new Set())))).toEqual(["mine", "job2"]);
  });
});

describe("messages without a reply", () => {
  it("are looked for only after the one whose reply has ended", () => {
    expect(hasUnansweredAfter([asked(1), asked(2), { ...answered(2), key: "job2" }], "job2")).toBe(false);
    expect(hasUnansweredAfter([asked(1), { ...answered(1), key: "job1" }, asked(2)], "job1")).toBe(true);
    expect(hasUnansweredAfter([asked(1), { ...answered(1), key: "job1" }, asked(2), writing(2)], "job1")).toBe(false);
  });
});

describe("the end of a job", () => {
  const job = {
    jobId: "job1",
    conversationId: "c",
    messageId: "q1",
    attempt: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
  };
  const reply: NonNullable<JobView["reply"]> = {
    id: "a1",
    text: "So f",
    sender: "ai",
    timestamp: 1,
    fallback: false,
    finishReason: "taken_over",
    sources: [],
  };
  const error = { code: "taken_over", message: "A person has taken over this conversation." } as const;

  it("leaves a reply that a person cut short, and none where people answer", () => {
    const cut: JobView = { ...job, status: "cancelled", error, reply };
    expect(finalFields(cut)).toMatchObject({ phase: "stopped", takenOver: true, text: "So f", failure: undefined });
    expect(isLeftToPeople(cut)).toBe(true);
    expect(isLeftToPeople({ ...job, status: "completed", handledBy: "waiting" })).toBe(true);
    expect(isLeftToPeople({ ...job, status: "completed", reply: { ...reply, finishReason: "stop" } })).toBe(false);
    expect(isLeftToPeople({ ...job, status: "cancelled", error: { ...error, code: "cancelled" } })).toBe(false);
  });

  it("is read alike from the history", () => {
    const { fallback: _, ...message } = reply;
    expect(fromHistory(message)).toMatchObject({ sender: "ai", phase: "stopped", takenOver: true });
    const person = { id: "p1", text: "Hello", sender: "operator", timestamp: 1, operator: { name: "Ada" } } as const;
    expect(fromHistory(person)).toEqual({ ...person, key: "p1" });
  });
});

describe("items kept for the next page", () => {
  it("are taken for replies by pages of an earlier version, and come back as they were", () => {
    const kept = JSON.parse(JSON.stringify([asked(1), said(2)].map(toStored))) as ChatItem[];
    expect(kept[1]).toMatchObject({ sender: "ai", phase: "complete", text: "person 2" });
    expect(kept.map(fromStored)).toMatchObject([asked(1), said(2)]);
  });

  it("are the newest, and bounded", () => {
    const items = Array.from({ length: 50 }, (_, n) => asked(n));
    expect(keys(tailOf(items, 3, 1000))).toEqual(["q47", "q48", "q49"]);
    expect(keys(tailOf(items, 50, 25))).toEqual(["q48", "q49"]);
    expect(tailOf(items, 50, 5)).toEqual([]);
    expect(tailOf(items.slice(0, 2), 50, 1000)).toHaveLength(2);
  });
});
