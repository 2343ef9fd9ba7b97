import type { RecordedEvent } from '@cairn/event-sourcing';

/** The events of each append by themselves, in order: they came together and are copied together. */
export function byCommand(events: readonly RecordedEvent[]): RecordedEvent[][] {
  const commands: RecordedEvent[][] = [];
  for (const event of events) {
    const before = commands.at(-1)?.[0];
    if (before?.commandId === event.commandId && before.tenant === event.tenant) commands.at(-1)!.push(event);
    else commands.push([event]);
  }
  return commands;
}

/**
 * What of a page can be copied so that nobody sees a part of an append: a page that is full may end in the middle of one.
 * @param limit how many events were asked for; more than an append can have
 */
export function wholeCommands(page: readonly RecordedEvent[], limit: number): readonly RecordedEvent[] {
  if (page.length < limit) return page;
  const commands = byCommand(page);
  return commands.length === 1 ? page : page.slice(0, -commands.at(-1)!.length);
}

/** Two halves, neither of which cuts an append; undefined for a single one. */
export function halves(
  events: readonly RecordedEvent[],
): readonly [readonly RecordedEvent[], readonly RecordedEvent[]] | undefined {
  const commands = byCommand(events);
  if (commands.length === 1) return undefined;
  const middle = commands.length >> 1;
  return [commands.slice(0, middle).flat(), commands.slice(middle).flat()];
}
