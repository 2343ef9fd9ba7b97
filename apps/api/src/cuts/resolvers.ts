import { deliveryEventTypes } from '@cairn/delivery';
import { type EventStore, isIdentifier, isUuid, parseInstant, type RecordedEvent } from '@cairn/event-sourcing';
import type { DiffCause } from '@cairn/monitoring';
import type { EventHistory } from '@cairn/platform';
import type { QueryBus } from '@nestjs/cqrs';
import type { Viewers } from '../access/viewers.js';
import type { Resolvers } from '../generated/schema.js';
import { pageOf, type PageRequest, pageRequest } from '../graphql/connection.js';
import { badInput } from '../graphql/errors.js';
import { personNames } from '../history/person-names.js';
import { ReadHistory } from '../history/read-history.js';
import { trialStreams } from '../history/trial-streams.js';
import type { TrialView } from '../registry/trial-view.js';
import type { CutDiffs } from './cut-diffs.js';
import type { CutReader } from './cut-reader.js';
import { CutSight } from './cut-sight.js';
import { currencyOf } from './currency.js';
import { type CauseKind, type CauseSight, DiffSight } from './diff-sight.js';
import { EventsAt } from './events-at.js';

/** What can arrive late: what sites record. */
const recorded = deliveryEventTypes.map(({ type }) => type);

/** What was fixed of a trial, and what has come to be known since. */
export function cutResolvers(
  { cuts, diffs }: { readonly cuts: CutReader; readonly diffs: CutDiffs },
  history: EventHistory,
  queries: QueryBus,
  store: EventStore,
  viewers: Viewers,
) {
  const sightOf = async (view: TrialView, id: string): Promise<CutSight | undefined> => {
    const taken = isIdentifier(id) ? await cuts.find(view.tenant, view.trial, id) : undefined;
    return taken && new CutSight(cuts, view, taken, view.viewer);
  };
  const nameOf = personNames(viewers);
  /** Events that cursors name, once for all cuts of a list: a wrong one is then told of the first of them, whoever is quicker. */
  const named = new WeakMap<TrialView, Map<string, Promise<RecordedEvent | undefined>>>();
  const eventOf = (view: TrialView, cursor: string): Promise<RecordedEvent | undefined> => {
    const known = named.get(view) ?? new Map<string, Promise<RecordedEvent | undefined>>();
    named.set(view, known);
    const event =
      known.get(cursor) ?? (isUuid(cursor) ? store.findEvent(view.tenant, cursor) : Promise.resolve(undefined));
    known.set(cursor, event);
    return event;
  };
  return {
    Trial: {
      dataCuts: async (view, page, { viewer }) => {
        const request = pageRequest(page);
        const taken = await cuts.list(view.tenant, view.trial);
        const sights = taken.map((each, newer) => ({ each, place: taken.length - newer }));
        const { edges, ...rest } = pageOf(request, sights, ({ place }) => placeOf(place));
        const shown = edges.map(({ cursor, node }) => ({
          cursor,
          node: new CutSight(cuts, view, node.each, viewer),
        }));
        return { ...rest, edges: shown };
      },
      dataCut: async (view, { id }) => (await sightOf(view, id)) ?? null,
      diff: async (view, { from, to }, { viewer }) => {
        const [start, end] = await Promise.all([sightOf(view, from), sightOf(view, to)]);
        const events = new EventsAt(history, view.tenant);
        return start && end ? new DiffSight(diffs, events, start, end, viewer) : null;
      },
    },
    DataCut: {
      id: ({ taken }) => taken.cut.cut,
      note: ({ taken }) => taken.cut.note,
      occurredBefore: ({ taken }) => parseInstant(taken.cut.occurredBefore)!,
      // The log's own positions count what is recorded of everybody.
      position: ({ taken }, _args, { viewer }) => BigInt(viewer.knowsPositions ? taken.cut.position : taken.takenAt),
      size: ({ taken }) => taken.cut.size,
      protocol: ({ taken }) => taken.cut.protocol,
      code: ({ taken }) => taken.cut.code,
      hash: ({ taken }) => taken.cut.hash,
      takenAt: ({ taken }) => taken.takenAt,
      takenBy: async ({ taken }, _args, { viewer }) => ({
        id: taken.takenBy,
        name: await nameOf(viewer.tenant, taken.takenBy),
      }),
      tables: async (cut, { audience, table }, { disclosures }) =>
        cut.tables(disclosures, { audience: audience ?? undefined, table: table ?? undefined }),
      currency: (cut, _args, { disclosures }) => currencyOf(cut, disclosures),
      lateArrivals: async ({ view, taken }, page, { viewer }) => {
        const request = pageRequest(page);
        for (const cursor of [request.after, request.before]) {
          if (cursor !== undefined && !(await eventOf(view, cursor))) {
            throw badInput('the cursor is not one of this list');
          }
        }
        const selection = {
          streams: await trialStreams(store, view, {}),
          types: recorded,
          occurredTo: parseInstant(taken.cut.occurredBefore)! - 1,
          after: await cuts.positionOf(view.tenant, taken),
        };
        return queries.execute(new ReadHistory(viewer, selection, request, (await view.sight()).armsOf()));
      },
      recomputed: ({ view, taken }, _args, { turn }) => cuts.recompute(view.tenant, taken, turn),
    },
    CutDiff: {
      changes: async (diff, { table, ...page }, { disclosures, turn }) => {
        const request = pageRequest(page);
        return listed(request, await diff.changes(disclosures, turn, table ?? undefined));
      },
    },
    CutChange: {
      table: ({ change }) => change.table,
      audience: ({ change }) => change.audience,
      key: ({ change }) => change.key,
      column: ({ change }) => change.column,
      from: ({ change }) => change.from,
      to: ({ change }) => change.to,
      causes: ({ change, diff }, page) =>
        listed(
          pageRequest(page),
          change.causes.map((cause): CauseSight => ({ cause, diff })),
        ),
    },
    CutCause: {
      kind: ({ cause }) => cause.kind satisfies CauseKind,
      event: ({ cause, diff }) => diff.event(cause),
      by: ({ cause }) => cause.by ?? null,
      at: ({ cause }) => (cause.kind === 'time' ? cause.at : null),
      participant: ({ cause }) => unitOf(cause, 'participant'),
      site: ({ cause }) => unitOf(cause, 'site'),
      worker: ({ cause }) => unitOf(cause, 'worker'),
    },
    CutTable: {
      table: ({ listed }) => listed.table,
      audience: ({ listed }) => {
        if (listed.audience === 'closed') throw new Error('a table by arm is shown by closed reports only');
        return listed.audience;
      },
      sha256: ({ listed }) => listed.sha256,
      bytes: ({ listed }) => listed.bytes,
      columns: ({ content }) => content.columns.map(({ unit = null, ...column }) => ({ ...column, unit })),
      rows: ({ content }) => content.rows,
    },
  } satisfies Resolvers;
}

/** A page of a list that is always the same, by the places in it. */
function listed<Item>(request: PageRequest, items: readonly Item[]) {
  const placed = items.map((item, place) => ({ item, place: String(place).padStart(9, '0') }));
  const { edges, ...rest } = pageOf(request, placed, ({ place }) => place);
  return { ...rest, edges: edges.map(({ cursor, node }) => ({ cursor, node: node.item })) };
}

/** Of whom time changed something, where that is such a one. */
const unitOf = (cause: DiffCause, kind: 'participant' | 'site' | 'worker'): string | null =>
  cause.kind === 'time' && cause.unit.kind === kind ? cause.unit.id : null;

/** Rises along the list, which goes from the newest to the oldest, and stays when there are newer ones. */
const placeOf = (place: number): string => String(MANY - place).padStart(9, '0');
const MANY = 999_999_999;
