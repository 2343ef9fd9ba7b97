import { accept, type Decision, formatInstant, refuse } from '@cairn/event-sourcing';
import { amendable, type RegisterEntry } from './entries.js';
import type { TrialEvent } from './events.js';
import { refused } from './refusals.js';
import { employmentHasOrder, hasHappened, type RegistryWorld } from './rules.js';
import { sameData } from './same-data.js';
import type { Site, TrialRoster, Worker } from './trial.js';

/** What a site or a worker is registered with was wrong, or is so no longer. The application reads it. */
export interface AmendEntry {
  readonly type: 'amendRecord';
  readonly trial: string;
  /** Id of the event that says what the register says now. */
  readonly event: string;
  readonly reason: string;
  readonly occurredAt?: number | undefined;
  /** Members with their new values; null removes one. */
  readonly changes?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Puts other content in the place of what the register says. An event is present when the register says what it does, so
 * whoever amends has seen what they amend; what the register says already adds nothing.
 */
export function amendEntry(command: AmendEntry, trial: TrialRoster, world: RegistryWorld): Decision<TrialEvent> {
  const { event, reason, changes = {} } = command;
  const entry = world.entries?.get(event);
  const registered = entry && registeredAs(trial, entry);
  if (!registered) return refused('EVENT_UNKNOWN', 'event');

  const { content, identity } = amendable[entry.type];
  const before = entry.data as Readonly<Record<string, unknown>>;
  for (const [member, value] of Object.entries(changes)) {
    if (!Object.hasOwn(content.shape, member)) return invalid(`changes.${member}`, `is no member of ${entry.type}`);
    if ((identity as readonly string[]).includes(member) && value !== before[member]) {
      return refused('RECORD_IDENTITY_FIXED', `changes.${member}`);
    }
  }
  const merged = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
  const read = content.safeParse(Object.fromEntries(merged));
  if (!read.success) {
    const issue = read.error.issues[0]!;
    return invalid(['changes', ...issue.path.map(String)].join('.'), issue.message);
  }
  if (sameData(registered, read.data)) return accept();
  if (!sameData(registered, entry.data)) return refused('EVENT_SUPERSEDED', 'event');

  const amended = { ...entry, data: read.data } as RegisterEntry;
  const broken =
    hasHappened(command, world) ??
    (amended.type === 'WorkerRegistered' ? employmentHasOrder(amended.data, 'changes.endedAt') : undefined);
  if (broken) return broken;
  const occurredAt = formatInstant(command.occurredAt ?? entry.occurredAt);
  const { now } = world;
  if (amended.type === 'SiteRegistered') {
    const { trial: of, site } = amended.data;
    return accept({
      type: 'SiteAmended',
      occurredAt: now,
      data: { trial: of, site, event, reason, record: { ...amended, occurredAt } },
    });
  }
  const { trial: of, worker, site } = amended.data;
  return accept({
    type: 'WorkerAmended',
    occurredAt: now,
    data: { trial: of, worker, site, event, reason, record: { ...amended, occurredAt } },
  });
}

/** What the register says of whom the entry is about. */
function registeredAs(trial: TrialRoster, entry: RegisterEntry): object | undefined {
  const found: Site | Worker | undefined =
    entry.type === 'SiteRegistered'
      ? trial.sites.find(({ site }) => site === entry.data.site)
      : trial.workers.find(({ worker }) => worker === entry.data.worker);
  return found && registrationIn(trial, found);
}

/** What a site or a worker is registered with. */
export const registrationIn = (
  { trial }: TrialRoster,
  { recordedAt: _, before: _before, ...entry }: Site | Worker,
): object => ({ trial, ...entry });

const invalid = (field: string, message: string) => refuse('INVALID_INPUT', `${field}: ${message}.`, field);
