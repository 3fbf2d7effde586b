import type { JobView } from "../../../shared/protocol/job.ts";
import { ask, type Line } from "./request.ts";

/** Names a job, and opens it. */
export interface JobAccess {
  readonly jobId: string;
  /** Of its conversation; absent where the service needs none. */
  readonly token?: string | undefined;
}

export function askForJob(line: Line, { jobId, token }: JobAccess, signal?: AbortSignal): Promise<JobView> {
  return ask<JobView>(line, { path: `/api/jobs/${jobId}`, token, signal }, "jobId");
}
