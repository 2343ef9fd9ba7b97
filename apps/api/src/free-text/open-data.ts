import { isSealedText } from '@cairn/event-sourcing';
import type { KeyOwner } from '@cairn/platform/keys';
import type { FreeText, WithheldText } from './free-text.js';

/** What was withheld, and where in the data. */
export interface Withheld {
  readonly path: readonly string[];
  readonly reason: WithheldText;
}

type Data = Readonly<Record<string, unknown>>;

/**
 * An event's data with its sealed texts opened. Whom they are about, it says itself. A member with a text that cannot be
 * opened is null, a list of them as a whole.
 */
export async function openData(
  freeText: FreeText,
  tenant: string,
  data: Data,
): Promise<{ readonly data: Data; readonly withheld: readonly Withheld[] }> {
  const { trial, participant } = data;
  if (typeof trial !== 'string' || typeof participant !== 'string') return { data, withheld: [] };
  const withheld: Withheld[] = [];
  const opened = await openMembers(freeText, { tenant, trial, participant }, data, [], withheld);
  return { data: opened, withheld };
}

async function openMembers(
  freeText: FreeText,
  owner: KeyOwner,
  data: Data,
  path: readonly string[],
  withheld: Withheld[],
): Promise<Data> {
  const members: [string, unknown][] = [];
  for (const [name, value] of Object.entries(data)) {
    members.push([name, await openMember(freeText, owner, name, value, [...path, name], withheld)]);
  }
  return Object.fromEntries(members);
}

async function openMember(
  freeText: FreeText,
  owner: KeyOwner,
  name: string,
  value: unknown,
  path: readonly string[],
  withheld: Withheld[],
): Promise<unknown> {
  if (typeof value === 'string') return (await openAll(freeText, owner, name, [value], path, withheld))?.[0] ?? null;
  if (Array.isArray(value)) {
    if (!value.some((each) => typeof each === 'string' && isSealedText(each))) return value;
    return (await openAll(freeText, owner, name, value as readonly string[], path, withheld)) ?? null;
  }
  return typeof value === 'object' && value !== null
    ? openMembers(freeText, owner, value as Data, path, withheld)
    : value;
}

async function openAll(
  freeText: FreeText,
  owner: KeyOwner,
  name: string,
  texts: readonly string[],
  path: readonly string[],
  withheld: Withheld[],
): Promise<readonly string[] | undefined> {
  const opened = await Promise.all(texts.map((text) => freeText.open(owner, name, text)));
  const shown: string[] = [];
  for (const each of opened) {
    if (each.kind === 'withheld') {
      withheld.push({ path, reason: each.reason });
      return undefined;
    }
    shown.push(each.text);
  }
  return shown;
}
