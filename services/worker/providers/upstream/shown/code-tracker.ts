/** Limit of the memory for one line; a fence, with the quotes and lists around it, is shorter. */
const maxLineChars = 200;
const telling = /[`~\n]/;
const fence = /^[\s>*+\-\d.)]*?(`{3,}|~{3,})/;

/**
 * Tracks whether a growing Markdown text is in code: between fences, or between two backtick runs of equal length
 * within one paragraph. An unclosed run counts as code up to the end of its paragraph.
 */
export class CodeTracker {
  #line = "";
  #fence = "";
  /** Number of backticks that opened the current span; 0: no span. */
  #span = 0;
  /** Number of backticks read last. */
  #run = 0;

  push(text: string): void {
    // Fast path: nearly all text only makes the line longer.
    if (this.#run === 0 && !this.#line.endsWith("~") && !telling.test(text)) {
      this.#line += text.slice(0, Math.max(0, maxLineChars - this.#line.length));
      return;
    }
    for (const char of text) {
      if (char === "`") this.#run += 1;
      else this.settle();
      if (char === "\n") this.#endLine();
      else if (this.#line.length < maxLineChars) this.#line += char;
    }
  }

  /** True if the next character is in code, unless it is another backtick. */
  get inCode(): boolean {
    this.settle();
    return this.#fence !== "" || this.#span > 0;
  }

  /** Treats the backtick run read last as complete. */
  settle(): void {
    const run = this.#run;
    this.#run = 0;
    if (this.#fence !== "") return;
    const [, marks] = run === 0 && !this.#line.endsWith("~~~") ? [] : (fence.exec(this.#line) ?? []);
    // A backtick fence has no further backticks on its line; otherwise it is a span.
    if (marks !== undefined && this.#line.endsWith(marks)) this.#fence = marks;
    else if (run > 0 && this.#span === 0) this.#span = run;
    else if (run === this.#span) this.#span = 0;
  }

  #endLine(): void {
    const [, marks = ""] = fence.exec(this.#line) ?? [];
    const closes = marks.startsWith(this.#fence) && this.#line.trimEnd().endsWith(marks);
    if (this.#fence !== "" && this.#opened && marks !== "" && closes) this.#fence = "";
    this.#opened = this.#fence !== "";
    if (this.#line.trim() === "") this.#span = 0;
    this.#line = "";
  }

  /** True once the line of the opening fence has ended. */
  #opened = false;
}
