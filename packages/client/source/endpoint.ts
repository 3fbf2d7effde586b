/** Connection data of one service. */
export interface Endpoint {
  /** Origin without a slash at the end. */
  readonly server: string;
  readonly fetch: typeof globalThis.fetch;
  /** Statement of the embedding site about its visitor, if any. */
  readonly identity: () => string | undefined;
}
