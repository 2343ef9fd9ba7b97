import { parseVerifierKey, type VerifierKey } from '@cairn/audit';
import { UsageError } from '../exit-code.js';
import { grouped, type Terminal } from '../terminal.js';
import { type Alteration, BundleAltered, BundleUnreadable } from './problem.js';
import { verifyBundle, type VerifiedBundle } from './verify-bundle.js';

export interface VerifyCommandOptions {
  readonly recompute: boolean;
  readonly json: boolean;
  /** Verifier keys that are trusted; none: those of the bundle. */
  readonly key: readonly string[];
}

/** How a verification ends; other commands give other numbers other meanings. */
export const VerifyExit = { verified: 0, altered: 1, unreadable: 2 } as const;
export type VerifyExit = (typeof VerifyExit)[keyof typeof VerifyExit];

/**
 * `cairn verify`: whether an export is as it was signed.
 * @param also what else is compared with an export that is, see `verifyBundle` for what it throws
 * @throws UsageError for a `--key` that is none
 */
export async function verifyCommand(
  directory: string,
  options: VerifyCommandOptions,
  terminal: Terminal,
  also: (bundle: VerifiedBundle) => Promise<void> = async () => undefined,
): Promise<VerifyExit> {
  const keys = options.key.length === 0 ? undefined : options.key.map(givenKey);
  const say = options.json ? sayJson(terminal) : sayPlainly(terminal);
  try {
    const bundle = await verifyBundle(directory, { keys, recompute: options.recompute });
    await also(bundle);
    say.verified(bundle);
    return VerifyExit.verified;
  } catch (error) {
    if (error instanceof BundleAltered) {
      say.altered(error.alteration);
      return VerifyExit.altered;
    }
    if (error instanceof BundleUnreadable) {
      say.unreadable(error);
      return VerifyExit.unreadable;
    }
    throw error;
  }
}

function givenKey(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (!key) throw new UsageError(`${text} is no verifier key (name+id+base64)`);
  return key;
}

interface Saying {
  verified(bundle: VerifiedBundle): void;
  altered(alteration: Alteration): void;
  unreadable(error: BundleUnreadable): void;
}

const sayJson = ({ out }: Terminal): Saying => {
  const write = (answer: object): void => void out.write(`${JSON.stringify(answer)}\n`);
  return {
    verified: ({ manifest: { tenant, trial, cut, size, root, last, keys }, keysFromBundle, recomputed }) =>
      write({
        result: 'verified',
        tenant,
        trial,
        cut,
        size,
        root,
        lastRecordedAt: last.recordedat,
        keys,
        keysFromBundle,
        recomputed,
      }),
    altered: (alteration) => write({ result: 'altered', ...alteration }),
    unreadable: ({ code, file, message }) => write({ result: 'unreadable', code, file, message }),
  };
};

const sayPlainly = ({ out, err }: Terminal): Saying => ({
  verified: ({ manifest: { tenant, trial, cut, size, root, last, keys }, keysFromBundle, recomputed }) => {
    const upTo = cut === undefined ? '' : `, up to its cut ${cut}`;
    out.write(
      `Verified: ${grouped(size)} events of the trial ${trial} of ${tenant}${upTo}, the last recorded at ${last.recordedat}.\n`,
    );
    out.write(`Tree head: ${root}\nSigned by: ${keys.join(', ')}\n`);
    for (const id of recomputed) out.write(`Tables of the cut ${id}: made again from the events, the same bytes.\n`);
    if (keysFromBundle) {
      err.write(
        'The keys came with the bundle: --key with a key from elsewhere tells whether they are the right ones.\n',
      );
    }
  },
  altered: ({ code, position, file, message }) => {
    const where = position === undefined ? file : `position ${grouped(position)}, ${file}`;
    out.write(`ALTERED at ${where}: ${message} (${code})\n`);
    if (position !== undefined && position > 1)
      out.write(`Everything before position ${grouped(position)} is as it was signed.\n`);
  },
  unreadable: ({ code, message }) => void out.write(`Unreadable: ${message} (${code})\n`),
});
