/** Two tones, in hertz, and their length. */
const tones = [660, 880] as const;
const toneSeconds = 0.16;
const loudness = 0.12;

let context: AudioContext | undefined;

/** Plays two short tones, made here: no file is loaded. Silent until the page was clicked once, as browsers want it. */
export function playChime(): void {
  context ??= new AudioContext();
  void context.resume().catch(() => undefined);
  for (const [number, frequency] of tones.entries()) {
    const begin = context.currentTime + number * toneSeconds;
    const gain = new GainNode(context, { gain: loudness });
    // Without a slope, a tone ends with a click.
    gain.gain.setTargetAtTime(0, begin + toneSeconds / 2, toneSeconds / 6);
    gain.connect(context.destination);
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain);
    tone.start(begin);
    tone.stop(begin + toneSeconds);
  }
}
