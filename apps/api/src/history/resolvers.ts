import { ACCESS_STREAMS, type People, type Viewer } from '@cairn/access';
import { AUDIT_STREAMS } from '@cairn/audit';
import { type EventStore, type Instant, parseInstant } from '@cairn/event-sourcing';
import { tenantStream } from '@cairn/registry';
import type { QueryBus } from '@nestjs/cqrs';
import type { PastPeople } from '../access/past-people.js';
import type { Viewers } from '../access/viewers.js';
import type { FreeText } from '../free-text/free-text.js';
import { shownText, shownTexts } from '../free-text/shown-text.js';
import type { HistoryFilter, InputMaybe, Resolvers } from '../generated/schema.js';
import { pageRequest } from '../graphql/connection.js';
import type { OpenArms } from '../access/open-arms.js';
import { personNames } from './person-names.js';
import { type HistoryPage, type HistoryQuestion, ReadHistory } from './read-history.js';
import { shownData } from './shown-data.js';
import { plain, trialStreams } from './trial-streams.js';

/** What was recorded, as it was recorded. */
export function historyResolvers(
  queries: QueryBus,
  store: EventStore,
  viewers: Viewers,
  openArms: OpenArms,
  pastPeople: PastPeople,
  freeText: FreeText,
) {
  const nameOf = personNames(viewers);
  /** When they are known, so is everything else that was recorded by then. */
  const peopleAt = async ({ tenant }: Viewer, knownAt: Instant | undefined): Promise<People | undefined> =>
    knownAt === undefined ? undefined : pastPeople.at(tenant, knownAt);
  return {
    Query: {
      conduct: async (_root, { asOf, knownAt, ...page }, { viewer }) => {
        const request = pageRequest(page);
        const moment = momentOf(asOf, knownAt);
        const people = await peopleAt(viewer, moment.knownAt);
        // A cosignature tells how long a trial's log is.
        const prefixes = [ACCESS_STREAMS, ...(viewer.knowsPositions ? [AUDIT_STREAMS] : [])];
        const streams = { names: [tenantStream], prefixes };
        return told(await queries.execute(new ReadHistory(viewer, { streams, ...by({}, moment) }, request)), people);
      },
    },
    Trial: {
      history: async (trial, { filter, asOf, knownAt, ...page }, { viewer }) => {
        const request = pageRequest(page);
        const moment = momentOf(asOf, knownAt);
        const people = await peopleAt(viewer, moment.knownAt);
        const streams = await trialStreams(store, trial, filter ?? {}, moment.knownAt);
        const armsOf = (await trial.sight()).armsOf();
        const question = { streams, ...by(conditions(filter ?? {}), moment) };
        return told(await queries.execute(new ReadHistory(viewer, question, request, armsOf)), people);
      },
    },
    RecordedEvent: {
      actor: async ({ actor, people }, _args, { viewer }) => ({
        id: actor,
        name: await nameOf(viewer.tenant, actor, people),
      }),
      reason: async ({ tenant, payload }, _args, context, info) => {
        const { reason, trial, participant } = JSON.parse(payload) as Readonly<Record<string, unknown>>;
        if (typeof reason !== 'string') return null;
        const about = { tenant, trial, participant };
        return shownText(freeText, context, info, about, { member: 'reason', text: reason });
      },
      data: async (event, _args, context, info) => {
        const data = await shownData(event, context, info, openArms);
        return shownTexts(freeText, context, info, event.tenant, data);
      },
    },
  } satisfies Resolvers;
}

function conditions(filter: HistoryFilter): Omit<HistoryQuestion, 'streams'> {
  const { types, actor, record, recordedFrom, recordedTo, occurredFrom, occurredTo } = filter;
  return {
    ...(types != null && { types: types.map(plain) }),
    ...(actor != null && { actor: plain(actor) }),
    ...(record != null && { record: plain(record) }),
    ...instant('recordedFrom', recordedFrom),
    ...instant('recordedTo', recordedTo),
    ...instant('occurredFrom', occurredFrom),
    ...instant('occurredTo', occurredTo),
  };
}

/** What of the log a question is about, where it says so. */
interface HistoryMoment {
  readonly asOf: Instant | undefined;
  readonly knownAt: Instant | undefined;
}

const momentOf = (asOf: InputMaybe<string> | undefined, knownAt: InputMaybe<string> | undefined): HistoryMoment => ({
  asOf: asOf == null ? undefined : parseInstant(asOf)!,
  knownAt: knownAt == null ? undefined : parseInstant(knownAt)!,
});

/** With the people as they were called then. */
const told = (page: HistoryPage, people: People | undefined): HistoryPage =>
  people ? { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: { ...node, people } })) } : page;

/** The conditions of a filter and those of a moment: of two ends the earlier one holds. */
function by<Given extends Pick<HistoryQuestion, 'occurredTo' | 'recordedTo'>>(
  given: Given,
  { asOf = Infinity, knownAt = Infinity }: HistoryMoment,
): Given {
  const occurredTo = Math.min(given.occurredTo ?? Infinity, asOf);
  const recordedTo = Math.min(given.recordedTo ?? Infinity, knownAt);
  return {
    ...given,
    ...(occurredTo !== Infinity && { occurredTo }),
    ...(recordedTo !== Infinity && { recordedTo }),
  };
}

const instant = <Name extends string>(name: Name, text: InputMaybe<string>): { readonly [N in Name]?: number } =>
  (text == null ? {} : { [name]: parseInstant(text)! }) as { readonly [N in Name]?: number };
