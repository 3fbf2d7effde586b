import type { ParleyChatElement } from "../../../../packages/client/source/parley.d.ts";

/** Notes of the sound: frequency in hertz, and start in seconds. */
const notes = [
  [659.3, 0],
  [880, 0.12],
] as const;
const noteSeconds = 0.35;
/** Volume, as a part of the loudest. */
const loudness = 0.08;
/** Key of the message that rang last, in any tab. */
const rungKey = "parley.rung";

let context: AudioContext | undefined;

/**
 * Rings when a reply has ended or a person has written, and the visitor is not looking at the chat. Where the browser
 * denies sound or storage, it is silent.
 */
export function ringWhenUnseen(chat: ParleyChatElement): void {
  for (const type of ["parley:reply", "parley:operator"] as const) {
    chat.addEventListener(type, ({ detail }) => {
      const wanted = chat.getAttribute("sound") === "on" && !("status" in detail && detail.status === "stopped");
      if (wanted && !(chat.isOpen && document.hasFocus())) ringOnce(detail.id ?? "").catch(() => undefined);
    });
  }
}

/** Rings in one tab of all that have the conversation. Without HTTPS there are no locks, and two may ring at a time. */
async function ringOnce(messageId: string): Promise<void> {
  const unlessRung = () => {
    if (localStorage.getItem(rungKey) === messageId) return;
    localStorage.setItem(rungKey, messageId);
    ring();
  };
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) unlessRung();
  else await locks.request(rungKey, unlessRung);
}

/** Browsers play nothing on a page that its visitor has not touched yet. */
function ring(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  for (const [frequency, start] of notes) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const begins = context.currentTime + start;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(loudness, begins);
    volume.gain.exponentialRampToValueAtTime(0.0001, begins + noteSeconds);
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + noteSeconds);
  }
}
