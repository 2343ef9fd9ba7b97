import { hash } from 'node:crypto';
import { type ExportedEvent, Frontier, type Hash, parseCloudEventLine, sameHash, scopeOf } from '@cairn/audit';
import { eventId, type Instant } from '@cairn/event-sourcing';
import { FILES } from '../export/manifest.js';
import type { Line } from './bundle-files.js';
import type { SignedCheckpoint } from './checkpoints.js';
import { type AlteredCode, BundleAltered } from './problem.js';

/** A log that is as it was signed. */
export interface VerifiedLog {
  /** Lines of events. */
  readonly size: number;
  readonly root: Hash;
  readonly first: ExportedEvent;
  readonly last: ExportedEvent;
  /** The last checkpoint, which may be of a larger tree. */
  readonly checkpoint: SignedCheckpoint;
  /** Names of the keys that signed checkpoints, in order. */
  readonly keys: readonly string[];
}

/** What is asked beyond that each line is the one that was signed. */
export interface LogExpectations {
  readonly scope: string;
  /** Events that there have to be, when they end before the last checkpoint. */
  readonly size: number | undefined;
  /** Told of each event, once it is known to be as it was signed. */
  readonly visit: (event: ExportedEvent, position: number) => void;
}

/**
 * Compares the lines of a log with what was signed of it, one after the other: what is wrong first is found first, and
 * nothing is kept but the right edge of the tree and where each stream has come to.
 * @throws BundleAltered
 * @throws BundleUnreadable
 */
export async function verifyLog(
  pages: AsyncIterable<readonly Line[]>,
  checkpoints: AsyncGenerator<SignedCheckpoint, undefined>,
  { scope, size, visit }: LogExpectations,
): Promise<VerifiedLog> {
  const frontier = new Frontier();
  const form = new EnvelopeRules(scope);
  const keys = new Set<string>();
  let checkpoint: SignedCheckpoint | undefined;
  let first: ExportedEvent | undefined;
  let last: ExportedEvent | undefined;

  /** The checkpoint that says the hash of the next leaf. */
  const covering = async (): Promise<SignedCheckpoint | undefined> => {
    if (checkpoint && frontier.size < checkpoint.size) return checkpoint;
    const next = await checkpoints.next();
    if (next.done) return undefined;
    keys.add(next.value.key.name);
    return (checkpoint = next.value);
  };
  const add = (leaf: Hash): void => {
    frontier.append(leaf);
    if (frontier.size !== checkpoint!.size || sameHash(frontier.root(), checkpoint!.root)) return;
    const position = checkpoint!.size - checkpoint!.added.length + 1;
    const message = `The checkpoint of size ${checkpoint!.size} has another root than its leaves.`;
    throw new BundleAltered({ code: 'ROOT_WRONG', position, file: FILES.checkpoints, message });
  };

  for await (const page of pages) {
    for (const line of page) {
      const position = frontier.size + 1;
      const signed = await covering();
      if (!signed) throw altered('LINES_ADDED', position, 'There are more events than were signed.');
      const at = position - 1 - (signed.size - signed.added.length);
      const leaf = line?.ended ? hash('sha256', Buffer.concat([LEAF, line.bytes]), 'buffer') : undefined;
      if (!leaf || !sameHash(leaf, signed.added[at]!)) throw changed(position, leaf, signed.added.slice(at));
      const event = form.check(line!.bytes, position);
      first ??= event;
      last = event;
      visit(event, position);
      add(leaf);
    }
  }

  const exported = frontier.size;
  const root = frontier.root();
  const isComplete = size === undefined ? !(await covering()) : exported === size;
  if (exported > 0 && size !== undefined && exported > size) {
    throw altered('LINES_ADDED', size + 1, `There are ${exported} events where ${size} were exported.`);
  }
  if (!isComplete || !first || !last)
    throw altered('LINES_MISSING', exported + 1, 'The events end here; more were signed.');
  // With a cut the events end in the middle of a checkpoint. Its further leaves are signed too, and lead to its root.
  while (checkpoint && frontier.size < checkpoint.size) {
    add(checkpoint.added[frontier.size - (checkpoint.size - checkpoint.added.length)]!);
  }
  if ((await checkpoints.next()).done !== true) {
    const message = 'There are more checkpoints than the events need.';
    throw new BundleAltered({ code: 'LINES_MISSING', position: exported + 1, file: FILES.checkpoints, message });
  }
  return { size: exported, root, first, last, checkpoint: checkpoint!, keys: [...keys] };
}

const LEAF = Buffer.of(0);

const altered = (code: AlteredCode, position: number, message: string): BundleAltered =>
  new BundleAltered({ code, position, file: FILES.events, message });

/** What happened to a line, as far as its neighbours tell. @param wanted hashes of the leaves from its position on, as far as they were signed together */
function changed(position: number, leaf: Hash | undefined, wanted: readonly Hash[]): BundleAltered {
  const later = leaf ? wanted.findIndex((each) => sameHash(each, leaf)) : -1;
  if (later > 0) {
    return altered('LINES_MISSING', position, `Here stands the event that was signed as position ${position + later}.`);
  }
  return altered('LINE_CHANGED', position, 'This is not the event that was signed.');
}

/** What holds of every log, whoever signed it. */
class EnvelopeRules {
  private readonly revisions = new Map<string, number>();
  private recordedAt: Instant = -Infinity;
  private command = { id: '', events: 0 };

  constructor(private readonly scope: string) {}

  /** @throws BundleAltered */
  check(bytes: Buffer, position: number): ExportedEvent {
    const read = parseCloudEventLine(bytes.toString('utf8'));
    if ('problem' in read) {
      const where = read.member === undefined ? '' : ` (${read.member})`;
      throw altered('LINE_MALFORMED', position, `This was signed, but is no event: ${read.problem}${where}.`);
    }
    const { event } = read;
    if (scopeOf(event.stream) !== this.scope)
      throw altered('LINE_OF_ANOTHER_TRIAL', position, `It is of ${event.stream}.`);
    const revision = this.revisions.get(event.stream) ?? 0;
    if (event.revision !== revision) {
      throw altered(
        'REVISION_GAP',
        position,
        `It has revision ${event.revision} of its stream, after ${revision - 1}.`,
      );
    }
    if (event.recordedAt < this.recordedAt) {
      throw altered('RECORDED_BEFORE_PREDECESSOR', position, 'It was recorded before the event before it.');
    }
    const events = this.command.id === event.commandId ? this.command.events : 0;
    if (event.id !== eventId(event.commandId, events)) {
      throw altered('ID_NOT_OF_COMMAND', position, `Its id does not follow from the command ${event.commandId}.`);
    }
    this.revisions.set(event.stream, revision + 1);
    this.recordedAt = event.recordedAt;
    this.command = { id: event.commandId, events: events + 1 };
    return event;
  }
}
