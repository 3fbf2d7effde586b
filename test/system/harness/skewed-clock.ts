const RealDate = Date;
let skewMs = Number(process.env["TEST_CLOCK_SKEW_MS"]);

class SkewedDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    super(...((given.length === 0 ? [SkewedDate.now()] : given) as [number]));
  }

  static override now(): number {
    return RealDate.now() + skewMs;
  }
}

// Preload for a process of the product: its wall clock is wrong, and jumps to the other side on a signal.
Object.assign(globalThis, { Date: SkewedDate });
process.on("SIGUSR2", () => {
  skewMs = -skewMs;
});
