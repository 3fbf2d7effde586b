import { describe, expect, it } from "vitest";
import type { ActionCard, ActionState } from "../../../../shared/protocol/actions/action-card.ts";
import { withActions } from "./known-actions.ts";

function card(state: ActionState, id = "a"): ActionCard {
  return { id, tool: "cancel", title: "Cancel it", lines: [], state, expiresAt: new Date(0).toISOString() };
}

function stateAfter(...states: ActionState[]): ActionState | undefined {
  return states.reduce<readonly ActionCard[]>((known, state) => withActions(known, [card(state)]), [])[0]?.state;
}

describe("known actions", () => {
  it("go on, and never back: a read may be older than an event", () => {
    expect(stateAfter("waiting", "confirmed", "sent", "done")).toBe("done");
    expect(stateAfter("done", "sent", "confirmed", "waiting")).toBe("done");
    expect(stateAfter("confirmed", "waiting")).toBe("confirmed");
    expect(stateAfter("confirmed", "withdrawn", "sent")).toBe("withdrawn");
  });

  it("take over an outcome that was learned later", () => {
    expect(stateAfter("unknown", "done")).toBe("done");
  });

  it("stay apart, in the order in which they were proposed", () => {
    const known = withActions([card("waiting"), card("waiting", "b")], [card("refused"), card("waiting", "c")]);
    expect(known.map(({ id, state }) => `${id} ${state}`)).toEqual(["a refused", "b waiting", "c waiting"]);
  });

  it("keep what an event says alone", () => {
    const [kept] = withActions([{ ...card("waiting"), messageId: "m" }], [card("done")]);
    expect(kept).toMatchObject({ messageId: "m", state: "done" });
  });
});
