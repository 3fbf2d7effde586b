import type { ProviderPace, ProviderFaults } from "./provider.ts";
import { microseconds } from "./clock.ts";
import { type FakeRequest, startFakeProvider } from "../../tools/fake-provider/fake-provider.ts";
import { paced, replyOf } from "../../tools/fake-provider/fake-replies.ts";
import type { Script, Step } from "../../tools/fake-provider/fake-script.ts";

/** Interval of tokens in a held reply that is not live: a third of the time after which a provider counts as dead. */
const sentNowAndThenMs = 5000;

/** Fake provider as its own process; its pace is set over IPC. */
let pace: ProviderPace = { firstMs: 0, interMs: 0, tokens: 50 };
let trouble: ProviderFaults = { failing: 0, most: Number.POSITIVE_INFINITY };
let calls = 0;
/** Generation of held replies: a new pace ends those of the one before. */
let generation = 0;
const held = new Map<string, number>();
let changed = Promise.withResolvers<void>();

const provider = await startFakeProvider({ port: Number(process.env["PORT"]), record: false, script: choose });
const words = replyOf(50, 0);

process.on("message", (message: { pace?: ProviderPace; trouble?: ProviderFaults }) => {
  if (message.pace) setPace(message.pace);
  if (message.trouble) ({ trouble } = message);
  process.send?.("done");
});
process.once("disconnect", () => process.exit());
process.send?.("ready");

function setPace(next: ProviderPace): void {
  const goesOn = "hold" in next && "hold" in pace;
  pace = next;
  if (!goesOn) {
    generation++;
    held.clear();
  }
  changed.resolve();
  changed = Promise.withResolvers();
}

function choose({ model }: FakeRequest): Script {
  calls++;
  // The call itself counts as well.
  if (provider.stats.inflight > trouble.most) return fault(429);
  if (trouble.failing > 0 && (calls * trouble.failing) % 1 < trouble.failing) return fault(500);
  if ("hold" in pace) {
    const place = held.get(model) ?? 0;
    held.set(model, place + 1);
    return { steps: hold(model, place, generation) };
  }
  return { steps: paced(pace.tokens === words.length ? words : replyOf(pace.tokens, 0), pace) };
}

function fault(status: number): Script {
  return {
    status,
    body: JSON.stringify({ error: { message: "The fake provider injected this fault.", code: status } }),
  };
}

function* hold(model: string, place: number, own: number): Generator<Step> {
  for (;;) {
    if (own !== generation || !("hold" in pace)) return;
    yield ` ${microseconds()}`;
    if (model === pace.model && place < pace.live) yield { waitMs: pace.interMs };
    else yield { until: Promise.race([changed.promise, aMoment()]) };
  }
}

/** Random delay per reply: simultaneous tokens would be a burst. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, sentNowAndThenMs * (0.5 + Math.random()));
  });
}
