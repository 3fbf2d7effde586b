import { p, raw } from "@mikro-orm/core";

export const time = () => p.datetime().columnType("timestamptz");
/** An index as PostgreSQL writes it. */
export const byHand = (sql: string) => () => raw(sql);
