/** Why Parley does not start here, in words for the person at the terminal that say what to do. */
export class StackError extends Error {
  override name = "StackError";
}
