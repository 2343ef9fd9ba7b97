import { parseInstant } from '@cairn/event-sourcing';
import type { Alert } from '@cairn/signals';
import type { Viewers } from '../access/viewers.js';
import type { Resolvers } from '../generated/schema.js';
import { badInput, cursorUnknown } from '../graphql/errors.js';
import { withhold } from '../graphql/guard.js';
import { wantedFilter } from './wanted-filter.js';
import type { OpenAlerts } from './open-alerts.js';

/** The alerts of a trial over a web socket. */
export function alertResolvers(opening: OpenAlerts, viewers: Pick<Viewers, 'of'>) {
  return {
    Subscription: {
      alerts: {
        subscribe: async (_root, { trial, site, after, filter }, context, info) => {
          const opened = await opening.open(async () => (context.viewer = await viewers.of(context.identity)), {
            trial,
            site: site ?? undefined,
            filter: wantedFilter(filter ?? {}),
            after: after ?? undefined,
          });
          switch (opened.kind) {
            case 'open':
              return opened.alerts;
            case 'absent':
              throw badInput('there is no such trial');
            case 'no such site':
              throw badInput('the trial has no such site');
            case 'cursor unknown':
              throw cursorUnknown();
            case 'sealed':
              await withhold(context, info, trial, opened.reason);
              throw new Error('an alert cannot be null');
            default:
              return opened satisfies never;
          }
        },
        resolve: (alert: Alert) => alert,
      },
    },
    Alert: {
      time: ({ time }) => parseInstant(time)!,
    },
  } satisfies Resolvers;
}
