import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";

export const methods = ["get", "post", "put", "patch", "delete"] as const;

/**
 * Changes each operation of the paths. Operations share bodies and answers, so `change` returns copies: a change of the
 * object itself would show at all of them.
 */
export function mapOperations(
  paths: ZodOpenApiPathsObject,
  change: (operation: ZodOpenApiOperationObject) => ZodOpenApiOperationObject,
): ZodOpenApiPathsObject {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const changed = { ...item };
      for (const method of methods) {
        const operation = changed[method];
        if (operation !== undefined) changed[method] = change(operation);
      }
      return [path, changed];
    }),
  );
}
