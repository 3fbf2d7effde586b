import type { JobView } from "../../../shared/protocol/job.ts";
import { ask, type Line } from "./api-request.ts";

/** Id and token of a job. */
export interface JobAccess {
  readonly jobId: string;
  /** Token of its conversation; absent if the service needs none. */
  readonly token?: string | undefined;
}

export function askForJob(line: Line, { jobId, token }: JobAccess, signal?: AbortSignal): Promise<JobView> {
  return ask<JobView>(line, { path: `/api/jobs/${jobId}`, token, signal }, "jobId");
}
