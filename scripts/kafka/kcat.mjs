import { findProgram } from '../workspace/debian-program.mjs';

/** kcat and what it needs that not every machine has. */
const PACKAGES = ['kcat', 'librdkafka1', 'libyajl2', 'libsasl2-2', 'libsasl2-modules-db', 'liblz4-1', 'libzstd1'];

/**
 * kcat, a client of Kafka that shares no code with ours.
 * @returns {Promise<{ command: string, env: Record<string, string> }>} what to run, and what it needs in its environment
 * @throws {Error} a sentence for the user when there is none to be had
 */
export const findKcat = (folder) =>
  findProgram({ program: 'kcat', packages: PACKAGES, version: ['-V'], folder, who: 'The tests of Kafka' });
