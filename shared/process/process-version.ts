/**
 * Version of what processes expect of each other, reported by each. It rises with a release whose features must not be
 * used while processes of the release before still run beside it; the schema alone does not tell that.
 */
export const processVersion = 3;
