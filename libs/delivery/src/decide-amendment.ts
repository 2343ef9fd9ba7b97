import { accept, canonicalJson, type Decision, type DomainEvent, formatInstant, refuse } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { AmendRecord } from './commands.js';
import type { RecordBook, Rule } from './record-book.js';
import { type DeliveryRefused, refused } from './refusals.js';
import type { DeliveryWorld } from './roster.js';

/** What a kind of stream says about amendments of one type of record. */
export interface Amendable<Fact extends DomainEvent> {
  /** The command by which such a record is made: an amended one is judged like one just made. */
  readonly command: string;
  readonly content: z.ZodObject;
  /** Members that say which record it is, `occurredAt` included where it is one. */
  readonly identity: readonly string[];
  readonly rules: readonly Rule<never, Fact, DeliveryWorld>[];
}

type OfTrial<Type extends string = string> = DomainEvent<Type, { readonly trial: string }>;

/** What an amendment comes to: a version that differs or does not, or the reason why there is none. */
type Amended<Fact> = { readonly kind: 'version'; readonly version: Fact; readonly takesAway: boolean } | Refused;
type Refused = Extract<Decision<DomainEvent>, { readonly kind: 'refused' }>;

/**
 * Puts a version with other content in the place of one that stands. It has to keep every rule that a record made now has
 * to keep, in a book in which the record that it amends was never made. Given again, it adds nothing.
 * @param amendable what there is to know of this type of record. `takesAway`: the amendment only removes members
 */
export function decideAmendment<Fact extends OfTrial, E extends DomainEvent>(
  command: AmendRecord,
  book: RecordBook<Fact>,
  world: DeliveryWorld,
  amendable: (type: Fact['type'], takesAway: boolean) => Amendable<Fact>,
  toEvent: (ofStream: Fact, record: HeldAs<Fact>) => E,
): Decision<E> {
  const { event, reason } = command;
  const found = book.find(event);
  const standsAt = world.versions?.get(event) as Fact | undefined;
  if (found.kind === 'unknown' || !book.first || book.first.data.trial !== command.trial) {
    return refused('EVENT_UNKNOWN', 'event');
  }
  if (found.kind === 'void') return refused('EVENT_NOT_VOIDABLE', 'event');
  if (found.kind === 'voided') return refused('EVENT_ALREADY_VOIDED', 'event');
  if (!standsAt) return refused('EVENT_UNKNOWN', 'event');

  const amended = amendedBy(command, standsAt, amendable(standsAt.type, false));
  if (found.kind === 'superseded') {
    const isTheSame =
      amended.kind === 'version' &&
      found.reason === reason &&
      book.says(found.by, amended.version) &&
      book.find(found.by).kind === 'standing';
    return isTheSame ? accept() : refused('EVENT_SUPERSEDED', 'event');
  }
  if (amended.kind === 'refused') return amended;
  const { version, takesAway } = amended;
  if (book.says(event, version)) return accept();

  const others = book.without(event);
  const { command: type, rules } = amendable(version.type, takesAway);
  const asMadeNow = { ...version.data, type, occurredAt: version.occurredAt };
  for (const rule of rules) {
    const refusal = rule(asMadeNow as never, others, world);
    if (refusal) return { ...refusal, refusal: { ...refusal.refusal, field: fieldOf(command, refusal) } };
  }
  if (others.holds(version)) return refused('RECORD_EXISTS', 'event');
  return accept(toEvent(book.first, heldAs(version)));
}

/** The content that the amendment leads to, as far as the shape of the record allows it. */
function amendedBy<Fact extends OfTrial>(
  { occurredAt, changes = {} }: AmendRecord,
  version: Fact,
  { content, identity }: Amendable<Fact>,
): Amended<Fact> {
  const before = version.data as Readonly<Record<string, unknown>>;
  for (const [member, value] of Object.entries(changes)) {
    if (!Object.hasOwn(content.shape, member)) return invalid(`changes.${member}`, `is no member of ${version.type}`);
    if (identity.includes(member) && value !== before[member]) {
      return refused('RECORD_IDENTITY_FIXED', `changes.${member}`);
    }
  }
  if (occurredAt !== undefined && occurredAt !== version.occurredAt && identity.includes('occurredAt')) {
    return refused('RECORD_IDENTITY_FIXED', 'occurredAt');
  }
  const merged = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
  const read = content.safeParse(Object.fromEntries(merged));
  if (!read.success) {
    const issue = read.error.issues[0]!;
    return invalid(['changes', ...issue.path.map(String)].join('.'), issue.message);
  }
  const isAsBefore = (occurredAt ?? version.occurredAt) === version.occurredAt;
  return {
    kind: 'version',
    version: { type: version.type, occurredAt: occurredAt ?? version.occurredAt, data: read.data } as unknown as Fact,
    takesAway: isAsBefore && Object.entries(changes).every(([member, value]) => isRemoval(value, before[member])),
  };
}

const isRemoval = (value: unknown, before: unknown): boolean =>
  value === null || (before !== undefined && canonicalJson(value) === canonicalJson(before));

const invalid = (field: string, message: string): Refused => refuse('INVALID_INPUT', `${field}: ${message}.`, field);

/** Where in the amendment's own input the fault lies; in the record that it names when the input does not say. */
function fieldOf({ occurredAt, changes = {} }: AmendRecord, { refusal: { field = '' } }: DeliveryRefused): string {
  if (Object.hasOwn(changes, field)) return `changes.${field}`;
  return field === 'occurredAt' && occurredAt !== undefined ? field : 'event';
}

/** A version as the event of an amendment holds it. */
type HeldAs<Fact extends DomainEvent> = Fact extends DomainEvent
  ? { readonly type: Fact['type']; readonly occurredAt: string; readonly data: Fact['data'] }
  : never;

const heldAs = <Fact extends DomainEvent>({ type, occurredAt, data }: Fact): HeldAs<Fact> =>
  ({ type, occurredAt: formatInstant(occurredAt), data }) as unknown as HeldAs<Fact>;
