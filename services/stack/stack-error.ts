/** Reason why Parley cannot start here, with the fix, worded for the person at the terminal. */
export class StackError extends Error {
  override name = "StackError";
}
