import { type EventStore, type Instant, parseInstant } from '@cairn/event-sourcing';
import {
  type BackTest,
  type Moment,
  present,
  rulePrecision,
  type RuleInForce,
  type RulePrecision,
  TrialCalendar,
} from '@cairn/monitoring';
import {
  audienceOf,
  conditionInWords,
  isStanding,
  ruleFault,
  type SignalEntry,
  SignalRule,
  signalKindOf,
} from '@cairn/signals';
import { LRUCache } from 'lru-cache';
import type { Viewers } from '../access/viewers.js';
import { ruleSurroundings } from '../application/rosters.js';
import type { FreeText } from '../free-text/free-text.js';
import { shownText } from '../free-text/shown-text.js';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, pageRequest } from '../graphql/connection.js';
import type { BackTestPart, SignalState } from '../graphql/enums.js';
import { badInput } from '../graphql/errors.js';
import { withhold } from '../graphql/guard.js';
import { personNames } from '../history/person-names.js';
import { isIn } from '../history/read-history.js';
import { trialStreams } from '../history/trial-streams.js';
import type { TrialView } from '../registry/trial-view.js';
import type { BackTests } from './back-tests.js';
import { SignalRules } from './signal-rules.js';
import { isOrder, isWanted, orderOf, seenSignals } from './signal-sight.js';
import type { TrialSignals } from './trial-signals.js';

/** Something that became of a signal, with what is needed to tell of it. */
export type EntrySight = SignalEntry & { readonly view: TrialView };

/** A rule in force with how often it was right, as far as the viewer may know. */
export interface RuleSight extends RuleInForce {
  readonly precision: RulePrecision | undefined;
}

/** A draft on the past, as it was asked for. */
export interface BackTestSight extends BackTest {
  readonly from: Instant;
  readonly to: Instant;
  readonly version: string | undefined;
}

interface Times {
  readonly asOf?: string | null | undefined;
  readonly knownAt?: string | null | undefined;
}

/** Years that a draft is tried on at the most. */
const MAX_YEARS = 20;
const MAX_BACK_TEST_SIGNALS = 1_000;

/** What rules raise, and what becomes of it. */
export function signalResolvers(
  { signals, backTests }: { readonly signals: TrialSignals; readonly backTests: BackTests },
  store: EventStore,
  viewers: Viewers,
  freeText: FreeText,
  clock: () => number = Date.now,
) {
  const nameOf = personNames(viewers);
  /** By zone: days that were reckoned once are known. */
  const calendars = new LRUCache<string, TrialCalendar>({ max: 20 });
  const actor = async ({ tenant }: TrialView, id: string) => ({ id, name: await nameOf(tenant, id) });

  /** The signals that the viewer may see at a moment, and the rules by which they were raised. */
  async function seen(view: TrialView, times: Times) {
    const { tenant, trial, viewer, roster } = view;
    const moment: Moment = {
      ...present(clock()),
      ...(times.asOf != null && { asOf: parseInstant(times.asOf)! }),
      ...(times.knownAt != null && { knownAt: parseInstant(times.knownAt)! }),
    };
    const sight = await view.sight(times.knownAt == null ? undefined : moment.knownAt);
    const [documents, rules] = await Promise.all([
      signals.of(tenant, trial, sight.position),
      SignalRules.of(store, tenant, trial, roster),
    ]);
    const calendar = calendars.get(roster.timeZone) ?? new TrialCalendar(roster.timeZone);
    calendars.set(roster.timeZone, calendar);
    const question = { view, sight, rules, moment, calendar };
    return { viewer, moment, rules, documents, question };
  }

  return {
    Trial: {
      signals: async (view, { filter, asOf, knownAt, ...page }) => {
        const request = pageRequest(page);
        for (const key of [request.after, request.before]) {
          if (key !== undefined && !isOrder(key)) throw badInput('the cursor is not one of this list');
        }
        const { documents, question } = await seen(view, { asOf, knownAt });
        const { sites, rules, severity, states, subject, raisedAfter } = filter ?? {};
        const wanted = {
          sites: sites ?? undefined,
          rules: rules ?? undefined,
          severity: severity ?? undefined,
          states: states ?? undefined,
          subject: subject ?? undefined,
          raisedAfter: raisedAfter == null ? undefined : parseInstant(raisedAfter)!,
        };
        const found = seenSignals(documents.values(), question).filter((signal) => isWanted(signal, wanted));
        return pageOf(request, found, orderOf);
      },
      signal: async (view, { id, ...times }) => {
        const { documents, question } = await seen(view, times);
        const found = seenSignals(documents.values(), question);
        return found.find(({ raised }) => raised.data.signal === id.toLowerCase()) ?? null;
      },
      signalRules: async (view, times): Promise<readonly RuleSight[]> => {
        const { documents, question, rules, moment } = await seen(view, times);
        const roster = times.knownAt == null ? view.roster : await view.rosterAt(moment.knownAt);
        const judged = seenSignals(documents.values(), question).map(({ raised, signal }) => ({
          rule: raised.data.rule,
          outcome: signal.kind === 'cleared' || signal.kind === 'resolved' ? signal.outcome : undefined,
        }));
        const precisions = new Map(rulePrecision(judged).map((precision) => [precision.rule, precision]));
        const isSealed = view.viewer.reach('signals', view.trial).kind === 'sealed';
        return rules.inForce(roster?.protocols.at(-1), moment.knownAt).map((rule) => {
          const { condition, rule: id } = rule.definition;
          const isShown = !isSealed || audienceOf(condition) === 'open';
          return { ...rule, precision: isShown ? (precisions.get(id) ?? noneOf(id)) : undefined };
        });
      },
      backTest: async (view, { rule, from, to }, context, info): Promise<BackTestSight | null> => {
        const { tenant, trial, viewer, roster } = view;
        const reach = viewer.reach('signals', trial);
        // Its numbers are over all sites, so they are not for whoever sees some.
        if (reach.kind !== 'whole') {
          return withhold(context, info, trial, reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE');
        }
        const draft = draftOf(rule, view);
        const span = { from: parseInstant(from)!, to: parseInstant(to)! };
        if (span.from >= span.to) throw badInput('to: is not later than from');
        if (span.to - span.from > MAX_YEARS * 366 * DAY) throw badInput(`to: is more than ${MAX_YEARS} years later`);
        const rules = await SignalRules.of(store, tenant, trial, roster);
        const inForce = rules
          .inForce(roster.protocols.at(-1), Infinity)
          .find(({ definition }) => definition.rule === draft.rule);
        const made = await backTests.of(view, draft, inForce, span, context.turn);
        return { ...made, ...span, version: inForce?.version };
      },
    },
    Signal: {
      id: ({ raised }) => raised.data.signal,
      rule: ({ raised }) => raised.data.rule,
      ruleVersion: ({ raised }) => raised.data.ruleVersion,
      title: ({ rule, raised }) => rule()?.title ?? raised.data.rule,
      severity: ({ signal }) => signal.severity,
      state: ({ signal }) => signal.kind satisfies SignalState,
      subject: ({ raised }) => raised.data.subject,
      site: ({ raised }) => raised.data.site,
      raisedAt: ({ raised }) => raised.recordedAt,
      since: ({ stood }) => stood.at(-1)!.from,
      until: ({ stood }) => stood.at(-1)!.until ?? null,
      why: (signal) => signal,
      assignee: ({ signal, view }) => {
        const attention = signal.kind === 'snoozed' ? signal.before : signal;
        return attention.kind === 'assigned' ? actor(view, attention.person) : null;
      },
      snoozedUntil: ({ signal }) => (signal.kind === 'snoozed' ? signal.until : null),
      streakWeeks: (signal) => signal.streakWeeks(),
      outcome: ({ signal }) => (isStanding(signal) ? null : (signal.outcome ?? null)),
      entries: ({ entries, view }) => entries.map((entry): EntrySight => ({ ...entry, view })),
    },
    SignalWhy: {
      condition: (signal) => {
        const rule = signal.rule();
        return rule ? conditionInWords(rule.condition) : null;
      },
      numbers: ({ raised }) => raised.data.numbers,
      contributingEvents: async ({ view, raised, moment }, _args, context, info) => {
        const { tenant, trial, viewer } = view;
        const reach = viewer.reach('history', trial);
        if (reach.kind === 'sealed') return withhold(context, info, trial, reach.reason);
        const streams = await trialStreams(store, view, {}, moment.knownAt);
        const armsOf = (await view.sight()).armsOf();
        const found = await Promise.all(raised.data.events.map((id) => store.findEvent(tenant, id)));
        return found.flatMap((event) =>
          event && isIn(streams, event)
            ? [{ ...event, ...(!viewer.knowsPositions && { position: BigInt(event.recordedAt) }), armsOf }]
            : [],
        );
      },
    },
    SignalEntry: {
      event: ({ id }) => id,
      kind: ({ type }) => signalKindOf(type),
      at: ({ occurredAt }) => occurredAt,
      by: ({ actor: id, view }) => actor(view, id),
      severity: ({ data }) => data.severity,
      note: ({ view: { tenant }, data }, _args, context, info) => {
        const { trial, participant } = data;
        if (!('note' in data) || data.note === undefined) return null;
        return shownText(freeText, context, info, { tenant, trial, participant }, { member: 'note', text: data.note });
      },
      assignee: ({ data, view }) => ('person' in data ? actor(view, data.person) : null),
      snoozedUntil: (entry) => (entry.type === 'SignalSnoozed' ? parseInstant(entry.data.until)! : null),
      outcome: ({ data }) => ('outcome' in data ? data.outcome : null),
      clearance: ({ data }) => ('why' in data ? data.why : null),
    },
    RuleInForce: {
      rule: ({ definition }) => definition.rule,
      publishedAt: ({ publishedAt }) => publishedAt ?? null,
      title: ({ definition }) => definition.title,
      severity: ({ definition }) => definition.severity,
      enabled: ({ definition }) => definition.enabled,
      condition: ({ definition }) => conditionInWords(definition.condition),
      source: ({ definition }) => definition.source ?? null,
      definition: ({ definition }) => ({ ...definition }),
      precision: ({ precision }) => precision ?? null,
    },
    RulePrecision: { value: ({ precision }) => precision },
    BackTest: {
      inForce: ({ version }) => version ?? null,
      both: ({ both }) => both.length,
      added: ({ added }) => added.length,
      removed: ({ removed }) => removed.length,
      signals: (made, { of, first }) => {
        if (first < 0 || first > MAX_BACK_TEST_SIGNALS) {
          throw badInput(`first is from 0 to ${MAX_BACK_TEST_SIGNALS}`);
        }
        return made[of satisfies BackTestPart].slice(0, first);
      },
    },
    BackTestSignal: { until: ({ until }) => until ?? null },
  } satisfies Resolvers;
}

const DAY = 24 * 60 * 60 * 1_000;

const noneOf = (rule: string): RulePrecision => ({
  ...{ rule, trueProblems: 0, falseAlarms: 0, dataProblems: 0 },
  ...{ precision: null, lower: null, upper: null },
});

/** Reads a draft. @throws a typed error (BAD_USER_INPUT) that names the part of it that makes no sense */
function draftOf(rule: Record<string, unknown>, { roster }: TrialView): SignalRule {
  const read = SignalRule.safeParse(rule);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badInput(`${['rule', ...issue!.path.map(String)].join('.')}: ${issue!.message}`);
  }
  const fault = ruleFault(read.data, ruleSurroundings(roster.protocols.at(-1)!.protocol));
  if (fault) throw badInput(`rule.${fault.refusal.field}: ${fault.refusal.message} (${fault.refusal.code})`);
  return read.data;
}
