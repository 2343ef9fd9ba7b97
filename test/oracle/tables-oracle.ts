import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import type { TrialRegister } from '@cairn/monitoring';
import { oracleAssociation } from './association-oracle.js';
import { endOfDay, lastDay, localDay } from './calendar.js';
import {
  definitions,
  oracleFidelity,
  type OracleDefinition,
  type OracleParticipant,
  oracleStatus,
  type OracleTrial,
} from './engagement-oracle.js';

/*
 * Every number of every table by brute force: from the events, at one moment, each cell by itself. Written from what the
 * columns say of themselves, not from the product's code.
 */

export type Cell = string | number | boolean | null;
/** By table, row and column, joined by a line feed. */
export type Cells = Map<string, Cell>;

/** What of the records' data counts. */
interface VersionData {
  participant?: string;
  site?: string;
  worker?: string;
  arm?: string;
  stratum?: string;
  scope?: 'intervention' | 'follow_up' | 'data_use';
  mode?: 'face_to_face' | 'telephone' | 'video' | 'text';
  outcome?: string;
  kind?: string;
  days?: number;
  instrument?: string;
  rater?: string;
  total?: number;
  items?: { value: number }[];
}

interface Version {
  event: string;
  type: string;
  at: number;
  /** When the first version was recorded. */
  recordedAt: number;
  data: VersionData;
}

const HOUR = 3_600_000;

/** What is the case of none, by way of the text of a definition that a protocol brings along. */
const inWords: Record<string, OracleDefinition> = {
  ...definitions,
  'three-talks': (contacts) =>
    contacts.filter((contact) => contact.mode !== 'text').length > 2 &&
    contacts.some((contact) => contact.setting !== 'community'),
};

export function oracleTables(
  register: TrialRegister,
  events: readonly Fact<DeliveryEvent>[],
  occurredBefore: number,
): Cells {
  const cells: Cells = new Map();
  const zone = register.timeZone;
  const asOf = occurredBefore - 1;
  const today = localDay(asOf, zone);
  const inForce = register.protocols.filter(({ occurredAt }) => occurredAt < occurredBefore);
  const { protocol } = inForce[inForce.length - 1] ?? register.protocols[0]!;
  const standing = standingOf(events);
  const past = standing.filter(({ at }) => at < occurredBefore);
  const siteIds = register.sites.map(({ site }) => site);
  const rowsOfSites = [...siteIds.map((site) => ({ label: label(site), in: [site] })), { label: 'all', in: siteIds }];
  const put = (table: string, key: string[], values: Record<string, Cell>): void => {
    for (const [column, value] of Object.entries(values)) cells.set([table, ...key, column].join('\n'), value);
  };

  const window = protocol.interventionWindow;
  const trial: OracleTrial = {
    zone,
    window:
      'weeksAfterDischarge' in window ? { weeks: window.weeksAfterDischarge } : { months: window.monthsAfterDischarge },
    interventionArms: protocol.arms.filter(({ intervention }) => intervention).map(({ id }) => id),
    sites: siteIds,
    participants: [],
    assessments: [],
    instrument: protocol.fidelity?.instrument,
  };
  const definitionIds = ['table', 'text', ...protocol.engagementDefinitions.map(({ id }) => id)];

  // ---- participants
  const people = [...new Set(standing.flatMap(({ data }) => (data['participant'] ? [data['participant']] : [])))]
    .map((id) => person(id))
    .filter((each) => each !== undefined);

  function person(id: string) {
    const of = (type: string, from = past): Version[] =>
      from.filter((v) => v.data['participant'] === id && v.type === type).sort((a, b) => a.at - b.at);
    const referral = of('ParticipantReferred', standing)[0];
    const randomisation = of('ParticipantRandomised')[0];
    if (!referral || !siteIds.includes(referral.data['site']!)) return undefined;
    if (referral.at >= occurredBefore && !randomisation) return undefined;
    const withdrawal = (scope: string) => of('ParticipantWithdrawn').find(({ data }) => data['scope'] === scope)?.at;
    const withdrawn = {
      intervention: withdrawal('intervention'),
      followUp: withdrawal('follow_up'),
      dataUse: withdrawal('data_use'),
    };
    const usable = withdrawn.dataUse === undefined;
    const discharge = usable ? of('ParticipantDischarged')[0]?.at : undefined;
    const oracle: OracleParticipant = {
      id,
      site: referral.data['site']!,
      referral: recorded(referral),
      randomisations: of('ParticipantRandomised', standing).map((v) => ({ ...recorded(v), arm: v.data['arm']! })),
      allocations: of('WorkerAllocated', standing).map((v) => ({ ...recorded(v), worker: v.data['worker']! })),
      discharges: of('ParticipantDischarged', standing).map(recorded),
      withdrawals: of('ParticipantWithdrawn', standing).map((v) => ({ ...recorded(v), scope: v.data['scope']! })),
      contacts: [...of('WardContactRecorded', standing), ...of('CommunityMeetingRecorded', standing)].map((v) => ({
        ...recorded(v),
        setting: v.type === 'WardContactRecorded' ? 'ward' : 'community',
        mode: v.data['mode']!,
        outcome: v.data['outcome']!,
      })),
    };
    const statuses = new Map(definitionIds.map((d) => [d, oracleStatus(trial, oracle, inWords[d]!, asOf)]));

    // Follow-up.
    const days = protocol.followUpWithinDays;
    const dueAt = discharge === undefined || days === undefined ? undefined : termEnd(discharge, { days });
    const followUp = of('FollowUpRecorded').find(({ at }) => discharge !== undefined && at >= discharge)?.at;
    const leftBeforeDue = dueAt !== undefined && withdrawn.followUp !== undefined && withdrawn.followUp < dueAt;
    let followUpState: string | null = null;
    if (dueAt !== undefined) {
      if (followUp !== undefined) followUpState = followUp < dueAt ? 'in_time' : 'late';
      else if (leftBeforeDue) followUpState = 'withdrawn';
      else followUpState = asOf < dueAt ? 'not_due' : 'missing';
    }
    // Primary outcome.
    const yearOver = discharge === undefined ? undefined : termEnd(discharge, { months: 12 });
    const readmission =
      discharge === undefined
        ? undefined
        : of('ParticipantReadmitted').find(({ at }) => at >= discharge && at < yearOver!)?.at;
    let flow: string;
    if (!randomisation) {
      const withdrew = of('ParticipantWithdrawn').length > 0;
      flow = withdrew ? 'not_randomised_withdrawn' : 'not_randomised_other';
    } else if (!usable) flow = 'data_use_withdrawn';
    else if (discharge === undefined) {
      flow = withdrawn.followUp === undefined ? 'awaiting_discharge' : 'not_discharged_withdrawn';
    } else if (readmission !== undefined) flow = 'readmitted';
    else if (withdrawn.followUp !== undefined && withdrawn.followUp < yearOver!) flow = 'outcome_withdrawn';
    else flow = asOf >= yearOver! ? 'not_readmitted' : 'in_observation';
    return {
      id,
      site: referral.data['site']!,
      referral,
      randomisation,
      arm: randomisation?.data['arm'],
      offered: randomisation !== undefined && trial.interventionArms.includes(randomisation.data['arm']!),
      withdrawn,
      usable,
      discharge,
      statuses,
      dueAt,
      due: dueAt !== undefined && dueAt <= asOf && !leftBeforeDue,
      followUp: dueAt === undefined ? undefined : followUp,
      followUpState,
      yearOver,
      readmission,
      flow,
      allocation: usable ? of('WorkerAllocated')[0] : undefined,
      contacts: usable ? [...of('WardContactRecorded'), ...of('CommunityMeetingRecorded')] : [],
      counted: past.filter(
        (v) =>
          v.data['participant'] === id &&
          (usable || ['ParticipantReferred', 'ParticipantRandomised', 'ParticipantWithdrawn'].includes(v.type)),
      ),
    };
  }
  type Person = NonNullable<ReturnType<typeof person>>;

  function termEnd(from: number, term: { days: number } | { months: number }): number {
    const day = localDay(from, zone);
    return endOfDay('months' in term ? lastDay(day, term) : addDays(day, term.days), zone);
  }

  const counts = (group: Person[], byArm: boolean): Record<string, Cell> => {
    const randomised = group.filter((p) => p.randomisation);
    const number = (...boxes: string[]): number => group.filter((p) => boxes.includes(p.flow)).length;
    const outcomes = ['readmitted', 'not_readmitted', 'outcome_withdrawn', 'in_observation'];
    const discharged = randomised.filter((p) => p.discharge !== undefined);
    const asked = protocol.followUpWithinDays !== undefined;
    const state = (wanted: string): Cell =>
      asked ? discharged.filter((p) => p.followUpState === wanted).length : null;
    const due = discharged.filter((p) => p.due);
    const dueInTime = due.filter((p) => p.followUpState === 'in_time');
    const observed = discharged.filter((p) => p.yearOver! <= asOf && p.flow !== 'outcome_withdrawn');
    const observedReadmitted = observed.filter((p) => p.readmission !== undefined);
    return {
      ...(!byArm && {
        referred: group.length,
        not_randomised: group.length - randomised.length,
        not_randomised_withdrawn: number('not_randomised_withdrawn'),
        not_randomised_other: number('not_randomised_other'),
      }),
      randomised: randomised.length,
      data_use_withdrawn: number('data_use_withdrawn'),
      not_discharged: number('not_discharged_withdrawn', 'awaiting_discharge'),
      not_discharged_withdrawn: number('not_discharged_withdrawn'),
      awaiting_discharge: number('awaiting_discharge'),
      discharged: number(...outcomes),
      ...Object.fromEntries(outcomes.map((box) => [box, number(box)])),
      follow_up_in_time: state('in_time'),
      follow_up_late: state('late'),
      follow_up_missing: state('missing'),
      follow_up_not_due: state('not_due'),
      follow_up_withdrawn: state('withdrawn'),
      follow_up_due: asked ? due.length : null,
      follow_up_due_in_time: asked ? dueInTime.length : null,
      follow_up_in_time_share: asked ? ratio(dueInTime.length, due.length) : null,
      observed: observed.length,
      observed_readmitted: observedReadmitted.length,
      readmitted_share: ratio(observedReadmitted.length, observed.length),
      ...(byArm && {
        withdrawn_intervention: randomised.filter((p) => p.withdrawn.intervention !== undefined).length,
      }),
      withdrawn_follow_up: randomised.filter((p) => p.withdrawn.followUp !== undefined).length,
      withdrawn_data_use: randomised.filter((p) => !p.usable).length,
    };
  };
  for (const row of rowsOfSites) {
    put(
      'flow',
      [row.label],
      counts(
        people.filter((p) => row.in.includes(p.site)),
        false,
      ),
    );
  }
  for (const arm of new Set([...protocol.arms.map(({ id }) => id), ...people.flatMap((p) => p.arm ?? [])])) {
    put(
      'arms',
      [arm],
      counts(
        people.filter((p) => p.arm === arm),
        true,
      ),
    );
  }

  for (const definition of definitionIds) {
    for (const row of rowsOfSites) {
      const there = people.filter((p) => row.in.includes(p.site));
      const number = (...wanted: string[]): number =>
        there.filter((p) => wanted.includes(p.statuses.get(definition)!.status)).length;
      const withData = number('engaged', 'not_yet', 'not_engaged');
      const offered = withData + number('no_data');
      put('engagement', [definition, row.label], {
        with_data: withData,
        engaged: number('engaged'),
        not_yet: number('not_yet'),
        not_engaged: number('not_engaged'),
        of_with_data: ratio(number('engaged'), withData),
      });
      put('offered', [definition, row.label], {
        randomised: there.filter((p) => p.randomisation).length,
        offered,
        with_data: withData,
        engaged: number('engaged'),
        of_with_data: ratio(number('engaged'), withData),
        of_offered: ratio(number('engaged'), offered),
        lower: ratio(number('engaged'), offered),
        upper: ratio(number('engaged', 'no_data'), offered),
      });
    }
  }

  for (const p of people) {
    const attended = p.contacts.filter(({ data }) => data['outcome'] === 'attended');
    const discharged = p.discharge !== undefined;
    put('participants', [p.id], {
      site: p.site,
      flow: p.flow,
      referred_at: p.referral.at < occurredBefore ? time(p.referral.at) : null,
      randomised_at: time(p.randomisation?.at),
      arm: p.arm ?? null,
      stratum: p.randomisation?.data['stratum'] ?? null,
      worker: p.allocation?.data['worker'] ?? null,
      allocated_at: time(p.allocation?.at),
      discharged_at: time(p.discharge),
      window_closes_at: discharged ? time(endOfDay(lastDay(localDay(p.discharge!, zone), trial.window), zone)) : null,
      follow_up_due_at: time(p.dueAt),
      followed_up_at: time(p.followUp),
      follow_up: p.followUpState,
      readmitted_at: time(p.readmission),
      ward_contacts: p.usable ? attended.filter(({ type }) => type === 'WardContactRecorded').length : null,
      community_meetings: p.usable ? attended.filter(({ type }) => type !== 'WardContactRecorded').length : null,
      attempts: p.usable ? p.contacts.length - attended.length : null,
      withdrawn_intervention_at: time(p.withdrawn.intervention),
      withdrawn_follow_up_at: time(p.withdrawn.followUp),
      withdrawn_data_use_at: time(p.withdrawn.dataUse),
      ...Object.fromEntries(
        [...p.statuses].flatMap(([definition, { status, engagedAt }]) => [
          [`status_${definition}`, status],
          [`engaged_at_${definition}`, time(engagedAt)],
        ]),
      ),
    });
  }

  // ---- sites and workers
  const atSite = (site: string, type: string): Version[] =>
    past.filter((v) => v.type === type && v.data['site'] === site && !('participant' in v.data));
  const groups = (site: string): Version[] =>
    atSite(site, 'SupervisionHeld').filter(({ data }) => data['kind'] === 'group');
  /** How many whole periods are over, and in how many there was a session. */
  const periods = (openedOn: string | undefined, site: string, length: number): [number, number] => {
    if (openedOn === undefined) return [0, 0];
    let [expected, met] = [0, 0];
    for (let first = openedOn; ; first = addDays(first, length)) {
      const last = addDays(first, length - 1);
      if (last >= today) return [expected, met];
      expected++;
      if (groups(site).some(({ at }) => localDay(at, zone) >= first && localDay(at, zone) <= last)) met++;
    }
  };
  const supervision = register.sites.map(({ site, openedOn }) => {
    const days = groups(site)
      .map(({ at }) => localDay(at, zone))
      .filter((day) => openedOn !== undefined && day >= openedOn)
      .sort();
    const marks = openedOn === undefined ? [] : [openedOn, ...days, today];
    const gaps = marks.slice(1).map((day, index) => daysBetween(marks[index]!, day));
    const kind = (wanted: string): number =>
      atSite(site, 'SupervisionHeld').filter(({ data }) => data['kind'] === wanted).length;
    return {
      site,
      known: openedOn !== undefined,
      group: kind('group'),
      individual: kind('individual'),
      learning: kind('action_learning_set'),
      last: Math.max(-Infinity, ...groups(site).map(({ at }) => at)),
      gap: openedOn === undefined || today < openedOn ? null : Math.max(...gaps),
      weeks: periods(openedOn, site, 7),
      every: periods(openedOn, site, protocol.groupSupervisionEveryDays ?? 7),
    };
  });
  for (const row of rowsOfSites) {
    const there = supervision.filter(({ site }) => row.in.includes(site));
    const total = (value: (each: (typeof there)[number]) => number): number =>
      there.reduce((sum, each) => sum + value(each), 0);
    const last = Math.max(-Infinity, ...there.map((each) => each.last));
    const gaps = there.flatMap(({ gap }) => (gap === null ? [] : [gap]));
    const known = row.label === 'all' || there[0]!.known;
    put('supervision', [row.label], {
      group: total((each) => each.group),
      individual: total((each) => each.individual),
      action_learning_set: total((each) => each.learning),
      last_group: last === -Infinity ? null : time(last),
      longest_gap: gaps.length === 0 ? null : Math.max(...gaps),
      weeks_expected: known ? total((each) => each.weeks[0]) : null,
      weeks_with_session: known ? total((each) => each.weeks[1]) : null,
      weeks_share: known
        ? ratio(
            total((each) => each.weeks[1]),
            total((each) => each.weeks[0]),
          )
        : null,
    });
  }

  const staff = register.workers
    .filter(({ site }) => siteIds.includes(site))
    .map((worker) => {
      const days = past
        .filter((v) => v.type === 'TrainingAttended' && v.data['worker'] === worker.worker)
        .reduce((sum, { data }) => sum + Number(data['days']), 0);
      const started = worker.startedAt === undefined || Date.parse(worker.startedAt) < occurredBefore;
      const required = worker.role === 'peer_worker' ? (protocol.trainingDays ?? null) : null;
      return { ...worker, days, started, required };
    });
  for (const { worker, site, role, days, started, required } of staff) {
    put('training', [label(site), worker], {
      role,
      started,
      days,
      days_required: required,
      complete: required === null ? null : days >= required,
    });
  }

  const instrument = protocol.fidelity;
  const assessments = register.sites.flatMap(({ site }) =>
    atSite(site, 'FidelityAssessed').flatMap((v) => {
      const items = v.data['items']?.map(({ value }) => value);
      const sum = items?.reduce((a, b) => a + b, 0);
      const made =
        items === undefined || instrument?.itemAggregation === undefined
          ? undefined
          : instrument.itemAggregation === 'sum'
            ? sum
            : sum! / items.length;
      const total = v.data['total'] ?? made;
      return total === undefined
        ? []
        : [{ ...recorded(v), site, instrument: v.data['instrument']!, rater: v.data['rater']!, total }];
    }),
  );
  const fidelities = register.sites.map(({ site, openedOn }) => {
    const relevant = assessments.filter((each) => each.site === site && each.instrument === instrument?.instrument);
    const value = instrument ? oracleFidelity({ ...trial, assessments }, site, asOf) : null;
    const day = relevant
      .map(({ at }) => localDay(at, zone))
      .sort()
      .at(-1);
    const months = instrument?.notBeforeMonthsOfDelivery;
    const from = openedOn === undefined ? undefined : months ? lastDay(openedOn, { months }) : openedOn;
    const early = value !== null && months !== undefined && from !== undefined && day! < from;
    return { site, value, day, from, early, relevant };
  });
  for (const { site, value, day, early, relevant } of fidelities) {
    const raters = new Set(relevant.filter(({ at }) => localDay(at, zone) === day).map(({ rater }) => rater));
    put('fidelity', [label(site)], {
      fidelity: value,
      assessed_on: value === null ? null : day!,
      raters: value === null ? null : raters.size,
      early: value === null ? null : early,
      reason: instrument ? (value === null ? 'not_assessed' : null) : 'not_in_protocol',
    });
  }

  // ---- currency
  type Expect = [expected: number, recorded: number];
  const perPerson =
    (wanted: (p: Person) => boolean, there: (p: Person) => boolean) =>
    (sites: string[]): Expect => {
      const expected = people.filter((p) => sites.includes(p.site) && p.randomisation && p.usable && wanted(p));
      return [expected.length, expected.filter(there).length];
    };
  const perSite =
    (of: (site: string) => Expect) =>
    (sites: string[]): Expect =>
      sites.map(of).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  const openedOnOf = (site: string) => register.sites.find((each) => each.site === site)!.openedOn;
  interface Kind {
    types: (v: Version) => boolean;
    expect?: (sites: string[]) => Expect;
    asked?: boolean;
    opening?: boolean;
  }
  const type = (wanted: string) => (v: Version) => v.type === wanted;
  const open: Record<string, Kind> = {
    discharge: {
      types: type('ParticipantDischarged'),
      expect: perPerson(
        () => true,
        (p) => p.discharge !== undefined,
      ),
    },
    fidelity: {
      types: type('FidelityAssessed'),
      asked: instrument !== undefined,
      opening: true,
      expect: perSite((site) => {
        const found = fidelities.find((each) => each.site === site)!;
        if (found.from === undefined || today < found.from) return [0, 0];
        return [1, found.value !== null && !found.early ? 1 : 0];
      }),
    },
    follow_up: {
      types: type('FollowUpRecorded'),
      asked: protocol.followUpWithinDays !== undefined,
      expect: perPerson(
        (p) => p.due,
        (p) => p.followUp !== undefined,
      ),
    },
    group_supervision: {
      types: (v) => v.type === 'SupervisionHeld' && v.data['kind'] === 'group',
      asked: protocol.groupSupervisionEveryDays !== undefined,
      opening: true,
      expect: perSite((site) => supervision.find((each) => each.site === site)!.every),
    },
    randomisation: { types: type('ParticipantRandomised') },
    readmission: { types: type('ParticipantReadmitted') },
    referral: { types: type('ParticipantReferred') },
    team_preparation: { types: type('TeamPreparationHeld') },
    training: {
      types: type('TrainingAttended'),
      asked: protocol.trainingDays !== undefined,
      expect: perSite((site) => {
        const there = staff.filter((each) => each.site === site && each.role === 'peer_worker' && each.started);
        return [there.length, there.filter(({ days, required }) => days >= required!).length];
      }),
    },
    withdrawal: {
      types: (v) => v.type === 'ParticipantWithdrawn' && v.data['scope'] !== 'intervention',
    },
  };
  const unblinded: Record<string, Kind> = {
    allocation: {
      types: type('WorkerAllocated'),
      expect: perPerson(
        (p) => p.offered,
        (p) => p.allocation !== undefined,
      ),
    },
    community_meeting: { types: type('CommunityMeetingRecorded') },
    ward_contact: {
      types: type('WardContactRecorded'),
      expect: perPerson(
        (p) => p.offered && p.allocation !== undefined && p.discharge !== undefined,
        (p) => p.contacts.some((v) => v.type === 'WardContactRecorded' && v.at <= p.discharge!),
      ),
    },
    withdrawal_intervention: {
      types: (v) => v.type === 'ParticipantWithdrawn' && v.data['scope'] === 'intervention',
    },
  };
  /** Records that count, with the site that they are of. */
  const counted = [
    ...people.flatMap((p) => p.counted.map((v) => ({ v, site: p.site }))),
    ...past.flatMap((v) => {
      if ('participant' in v.data) return [];
      if (v.type !== 'TrainingAttended') return siteIds.includes(v.data['site']!) ? [{ v, site: v.data['site']! }] : [];
      const worker = staff.find((each) => each.worker === v.data['worker']);
      return worker ? [{ v, site: worker.site }] : [];
    }),
  ];
  for (const [table, kinds] of [
    ['currency', open],
    ['currency_allocation', unblinded],
  ] as const) {
    for (const [kind, { types, expect, asked = true, opening = false }] of Object.entries(kinds)) {
      for (const row of rowsOfSites) {
        let reason: string | null = null;
        if (!expect) reason = 'no_expectation';
        else if (!asked) reason = 'not_in_protocol';
        else if (opening && row.label !== 'all' && openedOnOf(row.in[0]!) === undefined) reason = 'opening_unknown';
        const [expected, recordedCount] = reason === null ? expect!(row.in) : [null, null];
        const delays = counted
          .filter(({ v, site }) => types(v) && row.in.includes(site))
          .map(({ v }) => Math.max(0, v.recordedAt - v.at) / HOUR)
          .sort((a, b) => a - b);
        const n = delays.length;
        put(table, [kind, row.label], {
          expected,
          recorded: recordedCount,
          proportion: reason === null ? ratio(recordedCount!, expected!) : null,
          reason: reason ?? (expected === 0 ? 'none_expected' : null),
          records: n,
          delay_median: n === 0 ? null : (delays[Math.floor((n - 1) / 2)]! + delays[Math.floor(n / 2)]!) / 2,
          delay_p90: delays.find((delay) => 10 * delays.filter((other) => other <= delay).length >= 9 * n) ?? null,
        });
      }
    }
  }
  for (const { v, site } of counted) {
    const delay = v.recordedAt - v.at;
    if (delay <= 14 * 24 * HOUR) continue;
    put('late', [v.event], {
      type: v.type,
      site,
      participant: v.data['participant'] ?? null,
      worker: v.data['worker'] ?? null,
      occurred_at: time(v.at),
      recorded_at: time(v.recordedAt),
      delay_days: delay / (24 * HOUR),
    });
  }

  // ---- association, where the textbook's formulas determine it
  for (const definition of definitionIds) {
    const points = [...siteIds].sort().flatMap((site) => {
      const value = fidelities.find((each) => each.site === site)!.value;
      const key = (column: string) => ['engagement', definition, label(site), column].join('\n');
      const share = cells.get(key('of_with_data'));
      return value === null || typeof share !== 'number' ? [] : [{ site, x: value, y: 100 * share }];
    });
    const [x, y] = [points.map((point) => point.x), points.map((point) => point.y)];
    const isLine = points.length >= 3 && new Set(x).size > 1;
    const isCorrelated = isLine && new Set(y).size > 1;
    const found = isLine ? oracleAssociation(x, y) : undefined;
    for (const site of siteIds) {
      const point = points.find((each) => each.site === site);
      put('association', [definition, label(site)], {
        fidelity: point?.x ?? null,
        engagement: point?.y ?? null,
        sites: null,
        pearson: null,
        spearman: null,
        slope: null,
        intercept: null,
      });
    }
    put('association', [definition, 'all'], {
      fidelity: null,
      engagement: null,
      sites: points.length,
      pearson: isCorrelated ? found!.pearson : null,
      spearman: isCorrelated ? found!.spearman : null,
      slope: found?.slope ?? null,
      intercept: found?.intercept ?? null,
    });
  }
  return cells;
}

/** Records that no correction names, each with the time at which its first version was recorded. */
function standingOf(events: readonly Fact<DeliveryEvent>[]): Version[] {
  const log = events as unknown as {
    id: string;
    type: string;
    occurredAt: number;
    recordedAt: number;
    data: { event: string; record: { type: string; occurredAt: string; data: Version['data'] } };
  }[];
  const first = (id: string): number => {
    const event = log.find((each) => each.id === id)!;
    return event.type.endsWith('Amended') ? first(event.data.event) : event.recordedAt;
  };
  const isCorrection = (type: string): boolean => type.endsWith('Amended') || type.endsWith('Voided');
  return log.flatMap((event) => {
    const { id, type, data } = event;
    if (type.endsWith('Voided') || log.some((other) => isCorrection(other.type) && other.data.event === id)) return [];
    return type.endsWith('Amended')
      ? [
          {
            event: id,
            type: data.record.type,
            at: Date.parse(data.record.occurredAt),
            recordedAt: first(id),
            data: data.record.data,
          },
        ]
      : [
          {
            event: id,
            type,
            at: event.occurredAt,
            recordedAt: event.recordedAt,
            data: data as unknown as Version['data'],
          },
        ];
  });
}

const recorded = ({ at }: Version): { at: number; recordedAt: number } => ({ at, recordedAt: 0 });
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const time = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());
const label = (site: string): string => (site === 'all' ? 'all (site)' : site);
const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const daysBetween = (from: string, to: string): number =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;
