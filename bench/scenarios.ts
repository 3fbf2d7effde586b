import type { Scenario } from "./scenario.ts";
import { answerScenario } from "./scenarios/throughput/answer.ts";
import { backlogScenario } from "./scenarios/scale/backlog.ts";
import { connectionsScenario } from "./scenarios/scale/connections.ts";
import { conversationsScenario } from "./scenarios/scale/conversations.ts";
import { consoleScenario } from "./scenarios/scale/console.ts";
import { costsScenario } from "./scenarios/resources/costs.ts";
import { crowdScenario } from "./scenarios/throughput/crowd.ts";
import { doorsScenario } from "./scenarios/resources/doors.ts";
import { faultsScenario } from "./scenarios/outcomes/faults.ts";
import { firstDeltaScenario } from "./scenarios/latency/first-delta.ts";
import { flightScenario } from "./scenarios/scale/flight.ts";
import { growthScenario } from "./scenarios/scale/growth.ts";
import { historyScenario } from "./scenarios/throughput/history.ts";
import { historyCacheScenario } from "./scenarios/resources/history-cache.ts";
import { hopsScenario } from "./scenarios/latency/hops.ts";
import { ingressScenario } from "./scenarios/throughput/ingress.ts";
import { crawlScenario } from "./scenarios/knowledge/crawl/crawl.ts";
import { knowledgeScenario } from "./scenarios/knowledge/knowledge.ts";
import { resumeScenario } from "./scenarios/latency/resume.ts";
import { soakScenario } from "./scenarios/resources/soak.ts";
import { simulateScenario } from "./scenarios/outcomes/simulate.ts";
import { startScenario } from "./scenarios/resources/start.ts";
import { streamScenario } from "./scenarios/latency/stream.ts";
import { toolsScenario } from "./scenarios/resources/tools.ts";
import { workerScenario } from "./scenarios/throughput/worker.ts";

/** Scenarios in the order of running and of display. */
export const scenarios: readonly Scenario[] = [
  ingressScenario,
  answerScenario,
  firstDeltaScenario,
  hopsScenario,
  crowdScenario,
  workerScenario,
  streamScenario,
  connectionsScenario,
  conversationsScenario,
  consoleScenario,
  resumeScenario,
  historyScenario,
  historyCacheScenario,
  backlogScenario,
  growthScenario,
  costsScenario,
  toolsScenario,
  doorsScenario,
  startScenario,
  simulateScenario,
  knowledgeScenario,
  crawlScenario,
  flightScenario,
  faultsScenario,
  soakScenario,
];
