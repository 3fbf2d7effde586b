import type { Config } from "../config/config.ts";
import { type ProxyEnvironment, proxyOf } from "../config/proxy-environment.ts";
import type { Logger } from "../logger.ts";
import { within } from "../async/within.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { noTracing, type Tracing } from "./tracing.ts";
import { tracingCloseMs } from "../tunables.ts";

/**
 * Opens the traces of one process, sent to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`. Without one, nothing of
 * OpenTelemetry is loaded. A collector that is down costs one line in the log and the spans of that time.
 */
export async function openTracing(
  config: Pick<Config, "OTEL_EXPORTER_OTLP_ENDPOINT" | "OTEL_TRACES_SAMPLER_ARG"> & ProxyEnvironment,
  { service, log, lifecycle }: { service: string; log: Logger; lifecycle: Lifecycle },
): Promise<Tracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: share } = config;
  if (endpoint === undefined) return noTracing;
  const { startTracing } = await import("./open-telemetry.ts");
  const { tracing, shutdown } = startTracing({ endpoint, share, service, log, proxy: proxyOf(config) });
  lifecycle.onClose("traces", async () => {
    // Spans that a collector did not accept are lost; its outage was logged.
    await within(tracingCloseMs, shutdown()).catch(() => undefined);
  });
  return tracing;
}
