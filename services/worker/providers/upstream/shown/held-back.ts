/** Number of characters at the end of a text that may begin one of these marks, ignoring case. */
export function longestHeld(text: string, marks: readonly string[]): number {
  const lower = text.toLowerCase();
  const lengths = marks.map((mark) => {
    const wanted = mark.toLowerCase();
    for (let length = Math.min(wanted.length - 1, lower.length); length > 0; length--) {
      if (lower.endsWith(wanted.slice(0, length))) return length;
    }
    return 0;
  });
  return Math.max(0, ...lengths);
}
