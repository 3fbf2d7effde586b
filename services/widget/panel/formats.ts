const dayMs = 86_400_000;

/** Formats numbers, times and days in the visitor's language. */
export class Formats {
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayAndYear: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #seconds: Intl.NumberFormat;
  readonly #minutes: Intl.NumberFormat;
  readonly #number: Intl.NumberFormat;

  constructor(tag: string) {
    this.#time = new Intl.DateTimeFormat(tag, { timeStyle: "short" });
    this.#day = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" });
    this.#dayAndYear = new Intl.DateTimeFormat(tag, { dateStyle: "long" });
    this.#relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
    this.#seconds = new Intl.NumberFormat(tag, { style: "unit", unit: "second", unitDisplay: "short" });
    this.#minutes = new Intl.NumberFormat(tag, { style: "unit", unit: "minute", unitDisplay: "short" });
    this.#number = new Intl.NumberFormat(tag);
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  time(timestamp: number): string {
    return this.#time.format(timestamp);
  }

  /** Formats a duration: "12 sec", from two minutes on "3 min". */
  duration(ms: number): string {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    return seconds < 120 ? this.#seconds.format(seconds) : this.#minutes.format(Math.ceil(seconds / 60));
  }

  /** Formats a day: "Today", "Yesterday", then the date. */
  day(timestamp: number, now: number): string {
    const ago = Math.round((startOfDay(now) - startOfDay(timestamp)) / dayMs);
    if (ago === 0 || ago === 1) return capitalise(this.#relative.format(-ago, "day"));
    const sameYear = new Date(timestamp).getFullYear() === new Date(now).getFullYear();
    return capitalise((sameYear ? this.#day : this.#dayAndYear).format(timestamp));
  }
}

/** Start of the day in the visitor's time zone. */
export function startOfDay(timestamp: number): number {
  return new Date(timestamp).setHours(0, 0, 0, 0);
}

function capitalise(text: string): string {
  const [first = ""] = text;
  return first.toLocaleUpperCase() + text.slice(first.length);
}
