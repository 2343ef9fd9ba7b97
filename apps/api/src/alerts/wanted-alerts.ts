import type { IncomingHttpHeaders } from 'node:http';
import { badInput } from '../graphql/errors.js';
import type { WantedAlerts } from './open-alerts.js';
import { wantedFilter } from './wanted-filter.js';

/** Parameters of an address: a name that is given more than once has all of its values. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>;

const NAMES: ReadonlySet<string> = new Set(['site', 'rule', 'severity', 'kind', 'after']);

/**
 * What a request for server-sent events asks for. A client that comes back says in `Last-Event-ID` what it had last, and its
 * address still says where it once began.
 * @throws a typed error (BAD_USER_INPUT)
 */
export function wantedAlerts(trial: string, given: Parameters, headers: IncomingHttpHeaders): WantedAlerts {
  const unknown = Object.keys(given).find((name) => !NAMES.has(name));
  if (unknown !== undefined) throw badInput(`the parameters are ${[...NAMES].join(', ')}`);
  const several = (name: string): string[] | undefined =>
    given[name] === undefined ? undefined : [given[name]].flat();
  const one = (name: string): string | undefined => {
    const values = several(name);
    if (values && values.length > 1) throw badInput(`${name} is given once`);
    return values?.[0];
  };
  const lastEventId = headers['last-event-id'];
  const last = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined;
  const filter = { sites: several('site'), rules: several('rule'), severity: one('severity'), kinds: several('kind') };
  return { trial, site: undefined, filter: wantedFilter(filter), after: last ?? one('after') };
}
