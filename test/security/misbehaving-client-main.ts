import { setPriority } from "node:os";
import { misbehave } from "./misbehaviours.ts";

// Runs a misbehaving client in its own process, so that its own cost does not affect measurements. At the lowest
// priority it uses the processor only when it is idle, as if it ran on another machine than the service.
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
