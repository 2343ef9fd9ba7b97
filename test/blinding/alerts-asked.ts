import { eventId, uuidV5 } from '@cairn/event-sourcing';
import type { BlindedSession } from './blinded-session.js';
import { type FlippedTrial, signalIds, TRIAL } from './arm-flip.js';

/** The ids of the alerts that the signals of `recordsOf` lead to, in the order of the participants. */
const alertsOf = (tenant: string, trial: FlippedTrial): readonly string[] =>
  signalIds(trial).map((signal) => eventId(uuidV5(`${tenant} ${signal}`), 0));

/** As they are recorded: by the time at which they begin to hold, and of these by participant. */
const inOrder = ({ participants }: FlippedTrial) =>
  participants
    .map(({ site, referredAt }, index) => ({ site, referredAt, index }))
    .sort((a, b) => a.referredAt - b.referredAt || a.index - b.index);

/**
 * Follows the alerts of a trial in every way: all of them, and those of each filter that the last one fits, from the first to
 * the last that are raised of all arms alike; and from cursors that are known in one world, or in none.
 */
export async function followAlerts(session: BlindedSession, tenant: string, trial: FlippedTrial): Promise<void> {
  const alerts = alertsOf(tenant, trial);
  const order = inOrder(trial);
  const [first, last] = [order[0]!, order.at(-1)!].map(({ index }) => alerts[2 * index]!) as [string, string];
  const { site } = order.at(-1)!;
  const all = `id type source subject time data { kind rule severity site subject { kind id } retrospective link }`;
  const filters = [
    ['', ''],
    [`&site=${site}`, `, site: "${site}"`],
    ['&rule=follow_up_overdue&rule=meeting_gap', ', filter: { rules: ["follow_up_overdue", "meeting_gap"] }'],
    ['&severity=warning', ', filter: { severity: WARNING }'],
    ['&kind=raised', ', filter: { kinds: [RAISED] }'],
  ] as const;
  for (const [query, input] of filters) {
    await session.follow(`/alerts/${TRIAL}?after=${first}${query}`, last);
    await session.subscribe(`subscription { alerts(trial: "${TRIAL}", after: "${first}"${input}) { ${all} } }`, {
      until: last,
    });
  }
  for (const cursor of [...alerts.filter((_, index) => index % 2 === 1), 'ABSENT']) {
    await session.follow(`/alerts/${TRIAL}?after=${cursor}`, last);
    await session.subscribe(`subscription { alerts(trial: "${TRIAL}", after: "${cursor}") { id } }`, { until: last });
  }
  // What commands are tried with may be there by now.
  for (const [trialAsked, siteAsked] of [
    ['NOWHERE', site],
    [TRIAL, 'NOWHERE'],
  ] as const) {
    await session.follow(`/alerts/${trialAsked}?after=${first}&site=${siteAsked}`, last);
    await session.subscribe(`subscription { alerts(trial: "${trialAsked}", site: "${siteAsked}") { id } }`, {
      until: last,
    });
  }
}
