import type { JobView } from "./protocol.d.ts";
import { requestJson } from "./api-request.ts";
import type { Endpoint } from "./endpoint.ts";

/** Id and token of a job. */
export interface JobAccess {
  readonly jobId: string;
  /** Token of its conversation; absent if the service needs none. */
  readonly token?: string | undefined;
}

export function fetchJob(endpoint: Endpoint, { jobId, token }: JobAccess, signal?: AbortSignal): Promise<JobView> {
  return requestJson<JobView>(endpoint, { path: `/api/jobs/${jobId}`, token, signal }, "jobId");
}
