import { setPriority } from "node:os";
import { misbehave } from "./misbehaviours.ts";

// A client that misbehaves, in a process of its own: what it costs itself must not show in what others measure. On one machine
// with the service it takes the processor only when nobody else wants it, as if it were elsewhere.
setPriority(19);

let stop: AbortController | undefined;
process.on("message", (message: { url: string; from: string } | "stop") => {
  stop?.abort();
  stop = undefined;
  if (message === "stop") return;
  stop = new AbortController();
  misbehave(message, stop.signal);
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
