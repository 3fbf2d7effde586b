import type { Scenario } from "./scenario.ts";
import { answer } from "./scenarios/throughput/answer.ts";
import { backlog } from "./scenarios/scale/backlog.ts";
import { connections } from "./scenarios/scale/connections.ts";
import { costs } from "./scenarios/resources/costs.ts";
import { crowd } from "./scenarios/throughput/crowd.ts";
import { faults } from "./scenarios/outcomes/faults.ts";
import { firstDelta } from "./scenarios/latency/first-delta.ts";
import { flight } from "./scenarios/scale/flight.ts";
import { growth } from "./scenarios/scale/growth.ts";
import { history } from "./scenarios/throughput/history.ts";
import { hops } from "./scenarios/latency/hops.ts";
import { ingress } from "./scenarios/throughput/ingress.ts";
import { resume } from "./scenarios/latency/resume.ts";
import { soak } from "./scenarios/resources/soak.ts";
import { simulate } from "./scenarios/outcomes/simulate.ts";
import { start } from "./scenarios/resources/start.ts";
import { stream } from "./scenarios/latency/stream.ts";
import { worker } from "./scenarios/throughput/worker.ts";

/** Scenarios in the order of running and of display. */
export const scenarios: readonly Scenario[] = [
  ingress,
  answer,
  firstDelta,
  hops,
  crowd,
  worker,
  stream,
  connections,
  resume,
  history,
  backlog,
  growth,
  costs,
  start,
  simulate,
  flight,
  faults,
  soak,
];
