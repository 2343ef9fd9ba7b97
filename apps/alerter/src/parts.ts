import { kafkaPart } from './kafka/kafka-part.js';
import type { Part } from './part.js';
import { relayPart } from './relay/relay-part.js';
import type { AlerterTools } from './tools.js';
import { observeWatchWithLog } from './watch/watch-log.js';
import { watchMetrics } from './watch/watch-metrics.js';
import { WatchStore } from './watch/watch-store.js';
import { Watch } from './watch/watch.js';

/** What the alerter does, as far as it is set up to. */
export function partsOf(tools: AlerterTools): readonly Part[] {
  const { webhookSecret } = tools.configuration;
  const webhooks = webhookSecret === undefined ? [] : [relayPart(tools, webhookSecret)];
  return [watchOf(tools), kafkaPart(tools), ...webhooks];
}

function watchOf({ store, leases, database, catalogue, logger, registry, now }: AlerterTools): Watch {
  const observer = observeWatchWithLog(logger, watchMetrics(registry));
  return new Watch({ store, leases, watch: new WatchStore(database), catalogue, now, observer });
}
