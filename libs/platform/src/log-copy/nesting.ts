import { InvalidAppend } from '@cairn/event-sourcing';

/** Objects and lists within each other; the parser of PostgreSQL ends some thousands deep. */
const NESTING_MAX = 1_000;

/**
 * What KurrentDB would take and PostgreSQL would not: stored there, it could never be copied, and nothing after it.
 * @param payload JSON
 * @throws InvalidAppend
 */
export function checkNesting(payload: string): void {
  // Each level has a character at either end.
  if (payload.length <= 2 * NESTING_MAX) return;
  let depth = 0;
  let isText = false;
  for (let index = 0; index < payload.length; index++) {
    const character = payload[index]!;
    if (isText) {
      if (character === '\\') index++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth > NESTING_MAX) throw new InvalidAppend(`a payload is nested ${NESTING_MAX} deep at the most`);
  }
}
