import { type Instant, parseInstant, type Refusal, type TenantId } from '@cairn/event-sourcing';
import { startOfDay } from '@cairn/monitoring';
import type { IdentifierRules } from '@cairn/audit';
import { Temporal } from 'temporal-polyfill';
import { faultInTexts } from '../free-text/text-guard.js';
import { type Command, commands, isCommandName } from './commands.js';

/** A command as a client gives it: the mutation's name and its input without the command id, times as RFC 3339 text. */
export interface GivenCommand {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type ReadCommand =
  { readonly kind: 'read'; readonly command: Command } | { readonly kind: 'invalid'; readonly refusal: Refusal };

/** Code of every input that has not the shape of its command. */
export const INVALID_INPUT = 'INVALID_INPUT';

/** Where the input is called otherwise than the command. */
const INPUT_NAMES: Readonly<Record<string, string>> = { localities: 'locality' };

/**
 * Reads an input into its command. Absent and null mean the same. A text that tells who somebody is is refused here, before
 * anything can keep or repeat it.
 * @param trial its zone, in which days are reckoned, and what it refuses in texts; undefined while it is not known
 */
export function readInput(
  tenant: TenantId,
  { name, input }: GivenCommand,
  trial: { readonly timeZone: string; readonly freeText: IdentifierRules } | undefined,
): ReadCommand {
  if (!isCommandName(name)) return invalid(`There is no command ${JSON.stringify(name.slice(0, 100))}.`);
  const { locality, occurredAt, ...rest } = Object.fromEntries(
    Object.entries(input).filter(([field, value]) => value !== null && value !== undefined && field !== 'commandId'),
  );
  const given: Record<string, unknown> = { ...rest, type: name };
  if (occurredAt !== undefined) {
    const instant = typeof occurredAt === 'string' ? parseInstant(occurredAt) : undefined;
    if (instant === undefined) return invalid('occurredAt: is not an RFC 3339 timestamp with offset.', 'occurredAt');
    given['occurredAt'] = instant;
  }
  if (name === 'registerTenant' || name === 'setTenantLimits') given['tenant'] = tenant;
  if (name === 'registerSite' && locality !== undefined) given['localities'] = locality;
  if (name === 'recordTraining') {
    const instant = dayStart(given['attendedOn'], trial?.timeZone);
    if (instant === undefined) return invalid('attendedOn: is not a calendar day.', 'attendedOn');
    given['occurredAt'] = instant;
  }
  const read = commands[name].safeParse(given);
  if (read.success) {
    const fault = faultInTexts(read.data, trial?.freeText ?? {});
    if (fault?.kind === 'malformed') return invalid(`${fault.path}: ${fault.message}.`, fault.path.split('.')[0]);
    return fault ? { kind: 'invalid', refusal: fault.refusal } : { kind: 'read', command: read.data };
  }
  const issue = read.error.issues[0]!;
  const path = issue.path.map((part) => INPUT_NAMES[String(part)] ?? String(part));
  return invalid(`${path.join('.') || 'The input'}: ${issue.message}.`, path[0]);
}

const invalid = (message: string, field?: string): ReadCommand => ({
  kind: 'invalid',
  refusal: { code: INVALID_INPUT, message, ...(field !== undefined && { field }) },
});

function dayStart(day: unknown, timeZone = 'UTC'): Instant | undefined {
  if (typeof day !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  try {
    return startOfDay(Temporal.PlainDate.from(day), timeZone);
  } catch {
    return undefined;
  }
}
