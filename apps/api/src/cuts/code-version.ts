import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

/** The code that makes tables, as a cut names it: the product and its version, which says what its numbers mean. */
export const CODE_VERSION = `cairn ${version}`;
