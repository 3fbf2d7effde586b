import { p, raw } from "@mikro-orm/core";

export const time = () => p.datetime().columnType("timestamptz");
/** An index in PostgreSQL's own notation. */
export const byHand = (sql: string) => () => raw(sql);
