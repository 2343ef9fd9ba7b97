import { join } from 'node:path';
import { defaultRules } from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import { rounds } from '../support/rounds.js';
import { trialFile } from './bundle.js';
import { entriesOf, factsOf, linesOf, productSignals } from './signals-events.js';
import { oracleSignals } from './signals-oracle.js';
import { signalWorld } from './signals-oracle-world.js';

const HOUR = 3_600_000;
const enrich = join(import.meta.dirname, '../../infra/demo/enrich');

const world = signalWorld(enrich);
const protocol = Protocol.parse(trialFile(enrich));
const rules = defaultRules(protocol);
const oracle = oracleSignals(world);
const events = factsOf(entriesOf(world)).sort((a, b) => a.occurredAt - b.occurredAt);
const found = productSignals(rules, world, protocol, events);

const looks = rounds({ ci: 5, night: 100 });

describe('the signals of ENRICH', () => {
  it.each(rules)('$rule: exactly those of the oracle, from the same instants until the same', ({ rule }) => {
    const of = (signals: readonly { readonly rule: string }[]) => signals.filter((each) => each.rule === rule);
    expect(linesOf(of(found) as typeof oracle)).toEqual(linesOf(of(oracle) as typeof oracle));
  });

  it('are so many that every rule but that of late entries is tried', () => {
    const counts = rules.map(({ rule }) => [rule, oracle.filter((each) => each.rule === rule).length]);
    expect(Object.fromEntries(counts)).toEqual({
      no_ward_contact: 83,
      no_meeting_after_discharge: 94,
      meeting_gap: 219,
      follow_up_overdue: 176,
      supervision_gap: 104,
      worker_unknown: 26,
      untrained_caseload: 2,
      engagement_low: 12,
      fidelity_low: 1,
      late_entries: 0,
      missing_contact_data: 1,
      contacts_falling: 34,
    });
  });

  it(
    'are raised at their instants while it happens, with nothing of what comes after',
    () => {
      const times = events.map(({ occurredAt }) => occurredAt);
      for (let look = 1; look <= looks; look++) {
        const now = times[Math.floor((look * (times.length - 1)) / looks)]!;
        const raised = productSignals(
          rules,
          world,
          protocol,
          events.filter(({ occurredAt }) => occurredAt <= now),
        ).filter(({ from }) => from <= now);
        const begun = oracle.filter(({ from }) => from <= now);
        const over = (until: number | undefined) => (until !== undefined && until <= now ? until : undefined);
        const asOf = (signals: typeof oracle) => linesOf(signals.map((each) => ({ ...each, until: over(each.until) })));
        expect(asOf(raised)).toEqual(asOf(begun));
      }
    },
    looks * 6_000,
  );
});

describe('group supervision in ENRICH', () => {
  it('lapses at sites 4 and 6 for weeks, at site 2 for hours, and at the others never', () => {
    const sites = world.sites.map(({ id }) => {
      const lapses = found.filter(({ rule, subject }) => rule === 'supervision_gap' && subject === `site ${id}`);
      const hours = lapses.map(({ from, until }) => Math.round((until! - from) / HOUR));
      return { site: id, lapses: lapses.length, days: Math.round(hours.reduce((sum, each) => sum + each, 0) / 24) };
    });
    // Sessions are held every 30 days at site 4, every 28 at site 6 and every 11 at site 2; ten without one are a lapse.
    expect(sites).toEqual([
      { site: 'S1', lapses: 0, days: 0 },
      { site: 'S2', lapses: 61, days: 36 },
      { site: 'S3', lapses: 0, days: 0 },
      { site: 'S4', lapses: 20, days: 392 },
      { site: 'S5', lapses: 0, days: 0 },
      { site: 'S6', lapses: 23, days: 404 },
      { site: 'S7', lapses: 0, days: 0 },
    ]);
  });
});
