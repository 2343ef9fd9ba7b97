import { z } from 'zod';
import { connectionSettings, InvalidKurrentUrl } from './kurrent/connection-settings.js';

/** What keeps the logs; the same for every service of an installation. */
export const logStoreSettings = {
  EVENT_STORE: z.enum(['postgres', 'kurrentdb']).default('postgres'),
  /** One node or, with commas or `+discover`, a cluster. It holds a password. */
  KURRENTDB_URL: z
    .string()
    .superRefine((url, context) => {
      const why = whyNotConnecting(url);
      if (why !== undefined) context.addIssue({ code: 'custom', message: why });
    })
    .optional(),
};

export type LogStoreConfiguration =
  { readonly kind: 'postgres' } | { readonly kind: 'kurrentdb'; readonly url: string };

/** What only makes sense together: a line for each setting that is missing. */
export const logStoreDiscords = (given: Readonly<Record<string, string | undefined>>): readonly string[] =>
  given['EVENT_STORE'] === 'kurrentdb' && given['KURRENTDB_URL'] === undefined
    ? ['KURRENTDB_URL: goes with EVENT_STORE=kurrentdb']
    : [];

/** @param settings in which nothing is discordant */
export const logStoreFrom = (settings: z.infer<z.ZodObject<typeof logStoreSettings>>): LogStoreConfiguration =>
  settings.EVENT_STORE === 'postgres' ? { kind: 'postgres' } : { kind: 'kurrentdb', url: settings.KURRENTDB_URL! };

/** Nothing of the connection string is repeated. */
function whyNotConnecting(url: string): string | undefined {
  try {
    connectionSettings(url, '');
    return undefined;
  } catch (error) {
    if (error instanceof InvalidKurrentUrl) return error.message.replace(/^KURRENTDB_URL /, '');
    throw error;
  }
}
