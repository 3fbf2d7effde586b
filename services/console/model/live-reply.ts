import type { EventData } from "../../../shared/protocol/events.ts";
import { EventFollower } from "../client/event-follower.ts";

/** The assistant's words while it writes them. */
export class LiveReply {
  readonly jobId: string;
  text = "";
  writing = false;
  readonly #follower: EventFollower;

  constructor(jobId: string, { changed, onEnd }: { changed: () => void; onEnd: () => void }) {
    this.jobId = jobId;
    this.#follower = new EventFollower({
      path: `jobs/${jobId}/events`,
      onEvent: (name, data) => {
        if (name === "status") this.writing = (data as EventData["status"]).status === "active";
        else if (name === "delta") this.text += (data as EventData["delta"]).text;
        else if (name === "reset") this.text = "";
        else {
          this.#follower.close();
          onEnd();
        }
        changed();
      },
      onRefused: onEnd,
    });
  }

  wake(surely: boolean): void {
    this.#follower.wake(surely);
  }

  close(): void {
    this.#follower.close();
  }
}
