import type { Scenario } from "./scenario.ts";
import { answer } from "./scenarios/answer.ts";
import { backlog } from "./scenarios/backlog.ts";
import { connections } from "./scenarios/connections.ts";
import { costs } from "./scenarios/costs.ts";
import { crowd } from "./scenarios/crowd.ts";
import { faults } from "./scenarios/faults.ts";
import { firstDelta } from "./scenarios/first-delta.ts";
import { flight } from "./scenarios/flight.ts";
import { growth } from "./scenarios/growth.ts";
import { history } from "./scenarios/history.ts";
import { hops } from "./scenarios/hops.ts";
import { ingress } from "./scenarios/ingress.ts";
import { resume } from "./scenarios/resume.ts";
import { soak } from "./scenarios/soak.ts";
import { simulate } from "./scenarios/simulate.ts";
import { start } from "./scenarios/start.ts";
import { stream } from "./scenarios/stream.ts";
import { worker } from "./scenarios/worker.ts";

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
