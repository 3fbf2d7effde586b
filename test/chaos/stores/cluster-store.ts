import { queueName, queuePrefix } from "../../../shared/queue/options.ts";
import { startRedisCluster } from "../../../shared/testing/stores/redis-cluster.ts";
import { withRetry, type ReplicatedStore } from "./replicated-store.ts";

const masters = 3;

/** Masters, each with one replica. */
export async function openCluster(): Promise<ReplicatedStore> {
  const cluster = await startRedisCluster({ masters, replicas: 1 });
  return {
    url: cluster.url,
    servers: cluster.servers,
    masters: () =>
      withRetry(async () => {
        const holder = await cluster.masterOf(`${queuePrefix}:${queueName}:wait`);
        const others = (await cluster.masters()).filter((master) => master !== holder);
        if (1 + others.length !== masters) throw new Error(`${1 + others.length} of ${masters} masters answer`);
        return [holder, ...others];
      }),
    // The cluster lacks a master while the former owner of the slots is silent.
    failedOver: () => cluster.healthy(),
    healthy: () => cluster.healthy(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
