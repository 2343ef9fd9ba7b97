import { isIdentifier } from '@cairn/event-sourcing';
import { z } from 'zod';
import { UsageError } from './exit-code.js';

const Settings = z.object({
  CAIRN_URL: z.url({ protocol: /^https?$/, hostname: /^.*$/ }).default('http://localhost:4000'),
  CAIRN_TENANT: z.string().refine(isIdentifier, 'is not an identifier').default('enrich'),
  CAIRN_ACTOR: z.string().refine(isIdentifier, 'is not an identifier').default('cairn-cli'),
});

/** What holds where no option says otherwise. */
export interface Configuration {
  readonly url: string;
  readonly tenant: string;
  /** Who the events are recorded as coming from. */
  readonly actor: string;
}

/** @throws UsageError with everything that is wrong, not just the first thing */
export function readConfiguration(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = Settings.safeParse(given);
  if (!read.success) {
    throw new UsageError(read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }
  return { url: read.data.CAIRN_URL, tenant: read.data.CAIRN_TENANT, actor: read.data.CAIRN_ACTOR };
}
