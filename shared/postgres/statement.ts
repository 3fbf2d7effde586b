/**
 * A statement the server prepares once per connection, under its name. `Row` is the type of its rows:
 * `test/statements/` runs every statement and checks it.
 */
export interface Statement<Row = unknown> {
  name: string;
  text: string;
  /** Carries the type; never set. */
  readonly row?: Row;
}
