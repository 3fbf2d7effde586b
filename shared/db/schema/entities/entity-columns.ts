import { p, raw } from "@mikro-orm/core";

export const time = () => p.datetime().columnType("timestamptz");
export const bytes = () => p.blob().$type<Buffer>();
export const float = () => p.double().$type<number>();
/** An index in PostgreSQL's own notation. */
export const byHand = (sql: string) => () => raw(sql);
