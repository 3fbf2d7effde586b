/** Microseconds since 1970, equal in all processes of a machine to a fraction of a millisecond. */
export function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
