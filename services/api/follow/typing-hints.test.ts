import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { TypingHint } from "../../../shared/live/live.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { TypingHints } from "./typing-hints.ts";

/** Hints of one process, and those it has sent. */
function openHints({ fails = false } = {}) {
  const sent: TypingHint[] = [];
  const hints = new TypingHints({
    live: {
      hintTyping: async (typing) => {
        sent.push(typing);
        if (fails) throw new Error("the store is away");
      },
    },
    log: quietLog(),
  });
  return { hints, sent };
}

it("sends one of each writer in three seconds, though the store is away", () => {
  const { hints, sent } = openHints({ fails: true });
  const conversationId = randomUUID();
  for (let time = 0; time < 5; time += 1) {
    hints.send({ conversationId, by: "user" });
    hints.send({ conversationId, by: "operator", name: "Mia" });
  }
  expect(sent.map(({ by }) => by)).toEqual(["user", "operator"]);
  hints.send({ conversationId: randomUUID(), by: "user" });
  expect(sent).toHaveLength(3);
});

it("passes a hint to the listeners of its conversation, and to those of all", () => {
  const { hints } = openHints();
  const [mine, other] = [randomUUID(), randomUUID()];
  const heard: string[] = [];
  const stops = [
    hints.listen(mine, () => heard.push("mine")),
    hints.listen(mine, () => heard.push("mine again")),
    hints.listen(other, () => heard.push("other")),
    hints.listenToAll(() => heard.push("all")),
  ];
  hints.hear({ conversationId: mine, by: "user" });
  expect(heard.splice(0)).toEqual(["mine", "mine again", "all"]);
  stops[0]?.();
  stops[0]?.();
  stops[3]?.();
  hints.hear({ conversationId: mine, by: "user" });
  expect(heard).toEqual(["mine again"]);
});
