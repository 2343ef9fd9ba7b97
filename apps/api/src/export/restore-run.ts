import { type ExportedEvent, Frontier, leafHash, parseCloudEventLine, scopeOf } from '@cairn/audit';
import { type EventCatalogue, eventId, NewerEventVersion, UnknownEventType } from '@cairn/event-sourcing';
import { LogNotEmpty, NoLog, type RestoredEvent } from '@cairn/platform';

/** Why nothing was restored, with the status that says so. */
export const RESTORE_STATUSES = {
  TENANT_NOT_EMPTY: 409,
  EVENTS_MALFORMED: 422,
  EVENTS_INCOMPLETE: 422,
  EVENT_TYPE_UNKNOWN: 422,
  STORE_TAKES_NO_EXPORTS: 501,
} as const;
export type RestoreCode = keyof typeof RESTORE_STATUSES;

/** Nothing of what was sent is there. */
export class NotRestored extends Error {
  override readonly name = 'NotRestored';
  constructor(
    readonly code: RestoreCode,
    message: string,
  ) {
    super(message);
  }
}

/** Where events go: all at the end, or none. */
export interface RestoreTarget {
  add(events: readonly RestoredEvent[]): Promise<void>;
  commit(): Promise<void>;
}

/** What the export says that it is: only that is taken. */
export interface RestoreExpectation {
  readonly size: number;
  /** Root of the tree, base64. */
  readonly root: string;
}

/** Events that are handed on at once; they have some hundred bytes each. */
const PAGE = 1_000;
const PAGE_BYTES = 4_000_000;

/**
 * Brings the lines of an export back: each in its one form, with the id that follows from its command, of a type that can be
 * read here; all of one trial; and together the tree that they are said to be. Until the last of them nothing is there.
 * @throws NotRestored
 */
export async function runRestore(
  lines: AsyncIterable<readonly (string | undefined)[]>,
  target: RestoreTarget,
  catalogue: EventCatalogue,
  { size, root }: RestoreExpectation,
): Promise<void> {
  const frontier = new Frontier();
  let scope: string | undefined;
  let command = { id: '', events: 0 };
  let page: RestoredEvent[] = [];
  let bytes = 0;

  const read = (line: string | undefined): ExportedEvent => {
    const position = frontier.size + 1;
    const malformed = (why: string) => new NotRestored('EVENTS_MALFORMED', `Position ${position} ${why}.`);
    if (line === undefined) throw malformed('is longer than an event can be, or no UTF-8');
    const parsed = parseCloudEventLine(line);
    if ('problem' in parsed) throw malformed(`is no event: ${parsed.problem}`);
    const { event } = parsed;
    scope ??= scopeOf(event.stream);
    if (scopeOf(event.stream) !== scope || scope.startsWith('@')) throw malformed('is not of the trial');
    const events = command.id === event.commandId ? command.events : 0;
    if (event.id !== eventId(event.commandId, events)) throw malformed('has an id that is not of its command');
    command = { id: event.commandId, events: events + 1 };
    try {
      catalogue.decode({ ...event, tenant: '', position: BigInt(position) });
    } catch (error) {
      if (error instanceof UnknownEventType || error instanceof NewerEventVersion) {
        throw new NotRestored('EVENT_TYPE_UNKNOWN', `Position ${position}: ${error.message}.`);
      }
      throw malformed('cannot be read');
    }
    frontier.append(leafHash(line));
    return event;
  };
  const handOn = async (): Promise<void> => {
    await attempt(() => target.add(page));
    page = [];
    bytes = 0;
  };

  for await (const some of lines) {
    for (const line of some) {
      page.push(read(line));
      bytes += line!.length;
      if (frontier.size > size) throw new NotRestored('EVENTS_INCOMPLETE', `There are more than ${size} events.`);
      if (page.length >= PAGE || bytes >= PAGE_BYTES) await handOn();
    }
  }
  await handOn();
  if (frontier.size !== size || Buffer.from(frontier.root()).toString('base64') !== root) {
    throw new NotRestored(
      'EVENTS_INCOMPLETE',
      `${frontier.size} events came, which are not the ${size} that were announced.`,
    );
  }
  await attempt(() => target.commit());
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof LogNotEmpty) {
      throw new NotRestored(
        'TENANT_NOT_EMPTY',
        'The tenant has a log already; a log is restored into an empty one only.',
      );
    }
    if (error instanceof NoLog) throw new NotRestored('EVENTS_MALFORMED', `The events are no log: ${error.message}.`);
    throw error;
  }
}
