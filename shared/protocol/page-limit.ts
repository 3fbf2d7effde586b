import { z } from "zod";

/** The query parameter `limit` of a page: decimal digits only, so `1e2`, `0x10` and `5.0` are refused. */
export function pageLimit(max: number, byDefault: number) {
  return z
    .string("must be given once")
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(1, "must be at least 1").max(max, `must be at most ${max}`))
    .default(byDefault)
    .meta({ override: { type: "integer", minimum: 1, maximum: max, default: byDefault } });
}
