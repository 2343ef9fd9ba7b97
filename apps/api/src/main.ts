import 'reflect-metadata';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { LogIsCopy } from '@cairn/platform';
import { InvalidIssuerFile } from '@cairn/platform/identity';
import { describeError } from '@cairn/platform/operations';
import { startApi } from './api.js';
import { ConfigurationError } from '@cairn/platform/settings';
import { readConfiguration } from './configuration.js';

// Node would write such an error with all that hangs on it.
process.on('uncaughtException', (error) => {
  console.error(describeError(error));
  process.exit(1);
});

/** Longest time for ending in order, in milliseconds, beside END_AFTER_SECONDS. */
const END_WITHIN = 8_000;

try {
  const configuration = readConfiguration();
  const api = await startApi(configuration);
  console.log(`Cairn API listens on ${api.url}`);
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), configuration.endAfterSeconds * 1_000 + END_WITHIN).unref();
    api.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(describeError(error));
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // The supervisor is gone.
  process.on('disconnect', end);
} catch (error) {
  console.error(sentenceOf(error));
  process.exit(1);
}

/** What an operator can mend is told in a sentence; of everything else what can hold no secret. */
function sentenceOf(error: unknown): unknown {
  if (error instanceof ConfigurationError) return `The configuration is wrong:\n${error.message}`;
  if ([EventStoreUnavailable, InvalidIssuerFile, LogIsCopy].some((kind) => error instanceof kind)) {
    return (error as Error).message;
  }
  const { code, path } = error as { code?: unknown; path?: unknown };
  if (code === 'ENOENT' && typeof path === 'string') return `There is no file ${path}.`;
  if (code === 'EADDRINUSE') return `The port is in use: ${(error as Error).message}`;
  return describeError(error);
}
