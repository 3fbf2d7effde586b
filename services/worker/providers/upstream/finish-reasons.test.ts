import { describe, expect, it } from "vitest";
import { toFinishReason } from "./finish-reasons.ts";

describe("finish reason", () => {
  it.each([
    ["stop", "stop eos_token eos COMPLETE end_turn tool_calls function_call FinishReason.STOP pause_turn normal"],
    ["length", "length MAX_TOKENS max_tokens model_length model_context_window_exceeded ERROR_LIMIT max_output_tokens"],
    ["length", "context_length_exceeded token_limit maximum_length maxTokens"],
    ["stop", "endTurn stopSequence end-of-turn eot"],
    ["content_filter", "content_filter SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII sensitive ERROR_TOXIC"],
    ["content_filter", "content-filter guardrail_intervened content_filtered LANGUAGE IMAGE_SAFETY"],
    ["refusal", "refusal"],
  ])("means %s: %s", (meaning, reasons) => {
    for (const reason of reasons.split(" ")) expect([reason, toFinishReason(reason)]).toEqual([reason, meaning]);
  });

  it.each([
    "insufficient_system_resource",
    "abort",
    "error",
    "ERROR",
    "network_error",
    "repetition",
    "USER_CANCEL",
    "TIMEOUT",
    "OTHER",
    "MALFORMED_FUNCTION_CALL",
    "backend_error_17",
  ])("says that the server broke off: %s", (reason) => {
    expect(() => toFinishReason(reason)).toThrow(expect.objectContaining({ code: "overloaded" }));
  });

  it.each([undefined, null, "", "null", "FINISH_REASON_UNSPECIFIED", "not_finished"])("is none: %s", (reason) => {
    expect(toFinishReason(reason)).toBeUndefined();
  });

  it("that is unknown does not complete a reply", () => {
    expect(toFinishReason("a_reason_of_tomorrow")).toBe("length");
  });
});
