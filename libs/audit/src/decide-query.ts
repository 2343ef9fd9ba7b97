import { accept, type Decider, type Decision } from '@cairn/event-sourcing';
import type { QueryCommand } from './commands.js';
import type { QueryEvent } from './events.js';
import { type DataQuery, evolveQuery, noQuery } from './query.js';
import { type AuditWorld, refused } from './refusals.js';

type Raise = Extract<QueryCommand, { type: 'raiseQuery' }>;
type Existing = Exclude<DataQuery, { kind: 'none' }>;

/** What a new query is about, where it was found. */
export interface QueryWorld extends AuditWorld {
  /** Undefined while it is not known what the query is about, or when there is no such thing. */
  readonly about?: { readonly site: string; readonly participant?: string | undefined } | undefined;
}

function decide(command: QueryCommand, query: DataQuery, world: QueryWorld): Decision<QueryEvent> {
  if (command.type === 'raiseQuery') return raise(command, query, world);
  if (query.kind === 'none') return refused('QUERY_UNKNOWN', 'query');
  const { now } = world;
  const whose = {
    trial: query.trial,
    query: query.query,
    ...(query.participant !== undefined && { participant: query.participant }),
  };
  switch (command.type) {
    case 'answerQuery':
      if (query.kind === 'closed') return refused('QUERY_CLOSED', 'query');
      return accept({ type: 'QueryAnswered', occurredAt: now, data: { ...whose, text: command.text } });
    case 'reopenQuery':
      if (query.kind === 'closed') return refused('QUERY_CLOSED', 'query');
      if (query.kind === 'open') return refused('QUERY_NOT_ANSWERED', 'query');
      return accept({ type: 'QueryReopened', occurredAt: now, data: { ...whose, text: command.text } });
    case 'closeQuery':
      // Closing what is closed asks for nothing that is not so.
      if (query.kind === 'closed') return accept();
      return accept({
        type: 'QueryClosed',
        occurredAt: now,
        data: { ...whose, ...(command.text !== undefined && { text: command.text }) },
      });
    default:
      return command satisfies never;
  }
}

function raise(command: Raise, query: DataQuery, { now, about }: QueryWorld): Decision<QueryEvent> {
  const { trial, query: id, event, text } = command;
  if (query.kind !== 'none') {
    return asksTheSame(command, query) ? accept() : refused('QUERY_EXISTS', 'query');
  }
  if (event === undefined && command.participant === undefined && command.site === undefined) {
    return refused('QUERY_ABOUT_NOTHING', 'event');
  }
  if (about === undefined) return refused('SUBJECT_UNKNOWN', subjectField(command));
  return accept({
    type: 'QueryRaised',
    occurredAt: now,
    data: {
      trial,
      query: id,
      site: about.site,
      ...(about.participant !== undefined && { participant: about.participant }),
      ...(event !== undefined && { event }),
      text,
    },
  });
}

const asksTheSame = (command: Raise, query: Existing): boolean =>
  command.text === query.text &&
  command.event === query.event &&
  (command.participant === undefined || command.participant === query.participant) &&
  (command.site === undefined || command.site === query.site);

const subjectField = ({ event, participant }: Raise): string =>
  event !== undefined ? 'event' : participant !== undefined ? 'participant' : 'site';

/** What becomes of a query about what was recorded. */
export const queryDecider: Decider<QueryCommand, QueryEvent, DataQuery, QueryWorld> = {
  initial: noQuery,
  decide,
  evolve: evolveQuery,
};
