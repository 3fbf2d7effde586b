import type { Config } from "./config.ts";

/** Says in words whose pages may call the API. */
export function describeOrigins({ ALLOWED_ORIGINS, NODE_ENV }: Pick<Config, "ALLOWED_ORIGINS" | "NODE_ENV">): string {
  if (ALLOWED_ORIGINS !== undefined) {
    const named = ALLOWED_ORIGINS.length === 0 ? "of no other origin" : `of ${ALLOWED_ORIGINS.join(", ")}`;
    return `pages ${named} (ALLOWED_ORIGINS), and this service's own`;
  }
  return NODE_ENV === "production"
    ? "only this service's own pages, as ALLOWED_ORIGINS is not set"
    : "pages of localhost, on any port, as ALLOWED_ORIGINS is not set";
}
