import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { quietLog, recordingLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { listenForEnd } from "./ending.ts";

describe("ending", () => {
  it("treats the second SIGINT that npm passes on as the same, and a later one as hurry", () => {
    const signals = new EventEmitter();
    let time = 0;
    const { end, hurry } = listenForEnd(quietLog(), { signals, now: () => time });

    signals.emit("SIGINT");
    time = 100;
    signals.emit("SIGINT");
    expect([end.reason, hurry.aborted]).toEqual(["SIGINT", false]);

    time = 1000;
    signals.emit("SIGINT");
    expect(hurry.aborted).toBe(true);
  });

  it.each(["SIGTERM", "SIGHUP"])("comes with %s", (signal) => {
    const signals = new EventEmitter();
    const { end } = listenForEnd(quietLog(), { signals });

    signals.emit(signal);

    expect(end.reason).toBe(signal);
  });

  it("follows an uncaught error, which is logged", () => {
    const signals = new EventEmitter();
    const { log, lines } = recordingLog();
    const { end } = listenForEnd(log, { signals });
    const error = new Error("a fault of ours");

    signals.emit("uncaughtException", error);

    expect(end.reason).toBe(error);
    expect(lines).toEqual([expect.objectContaining({ msg: "uncaughtException" })]);
  });

  it("is silent when standard output is closed", () => {
    const signals = new EventEmitter();
    const { log, lines } = recordingLog();
    const { end } = listenForEnd(log, { signals });

    signals.emit("uncaughtException", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));

    expect(end.aborted).toBe(true);
    expect(lines).toEqual([]);
  });
});
