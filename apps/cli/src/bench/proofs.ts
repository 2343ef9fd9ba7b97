import http from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  addedAt,
  besideLeaves,
  cloudEventLine,
  inclusionSpans,
  KeptTiles,
  leafHash,
  parseCheckpoint,
  parseNote,
  verifyInclusion,
} from '@cairn/audit';
import { canonicalJson, type RecordedEvent } from '@cairn/event-sourcing';
import type { ProofStore } from '@cairn/platform';
import { prepareKeyRing } from '@cairn/platform/signing';
import { followed } from './append.js';
import { cairn } from './contenders/cairn.js';
import type { Contender } from './contenders/contender.js';
import type { BenchContext } from './context.js';
import { ask } from './ask.js';
import { median, percentile, rangeOf, type Section } from './report.js';
import { ONE_TENANT, withProduct } from './product.js';
import { readModelsOf } from './rebuilding.js';
import { startService } from './service.js';
import { openSigning } from './signing.js';
import { TENANT } from './trials.js';
import { Witness } from './witness.js';
import { payloads, Run } from './workload.js';

const WRITERS = 32;
const WARM_UP_MS = 500;

/** What it costs to have every event signed, and to prove one of many. */
export async function benchProofs(context: BenchContext): Promise<Section> {
  const [throughput, proving] = [await appendsWithAndWithout(context), await provingOne(context)];
  return {
    name: 'proofs',
    title: 'The Merkle log: appends with and without it, and proofs from it',
    targets: [...throughput.targets, ...proving.targets],
    correctness: throughput.correctness,
    figures: [...throughput.figures, ...proving.figures],
    notes: [...throughput.notes, ...proving.notes],
  };
}

type Part = Omit<Section, 'name' | 'title'>;

/** One log that is signed as it grows and one that is not, in turns; a projector of its own works on each all the time. */
async function appendsWithAndWithout({ laboratory, scale }: BenchContext): Promise<Part> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'cairn-bench-keys-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  try {
    const ring = path.join(folder, 'signing-keys.json');
    await prepareKeyRing(ring, new Date());
    const sides = [];
    for (const [name, settings] of [
      ['on', { CAIRN_SIGNING_KEYS: ring }],
      ['off', { CAIRN_PROOFS: 'off' }],
    ] as const) {
      const url = await laboratory.createCairn(`proofs_${name}`);
      const projector = await startService('projector', { DATABASE_URL: url, ...settings }, '/health');
      closing.push(() => projector.stop());
      const run = new Run(ofOneTrial(cairn(url, TENANT)), new Witness());
      closing.push(() => run.contender.close());
      sides.push({ name, run, url, rates: [] as number[] });
    }
    const [on, off] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const signing = openSigning(on.url);
    closing.push(() => signing.close());
    const lags: number[] = [];
    const delays: number[] = [];
    for (let round = 0; round < scale.proofRounds; round++) {
      // Each goes first in turn.
      for (const side of round % 2 === 0 ? [on, off] : [off, on]) {
        const work = (): Promise<number> => side.run.appendKnown(WRITERS, WARM_UP_MS, scale.proofMilliseconds);
        side.rates.push(await followed(side.run, work));
        if (side !== on) continue;
        const ended = performance.now();
        const head = await signing.store.head(TENANT);
        lags.push(Number(head - (await signing.proofs.notary(TENANT)).position));
        await signing.caughtUp(TENANT);
        delays.push(performance.now() - ended);
      }
    }
    const ratios = on.rates.map((rate, round) => rate / off.rates[round]!);
    const title = (side: { readonly name: string }): string => `appends/s, ${WRITERS} writers, proofs ${side.name}`;
    return {
      targets: [{ title: 'appends with proofs / without', figure: median(ratios), atLeast: 0.9, unit: '×' }],
      correctness: sides.map(({ name, run: { witness } }) => ({
        contender: name === 'on' ? 'cairn' : 'cairn, proofs off',
        acknowledged: witness.acknowledgedCount,
        ...witness.counts(),
      })),
      figures: [
        ...sides.map((side) => ({
          title: title(side),
          figure: median(side.rates),
          unit: '/s',
          range: rangeOf(side.rates),
        })),
        { title: 'events not signed yet at the end of a turn', figure: median(lags), unit: '', range: rangeOf(lags) },
        { title: 'until they were', figure: median(delays), unit: ' ms', range: rangeOf(delays) },
      ],
      notes: ['The reader and both projectors work all the while; ratios are of turns of the same round.'],
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** As the product records: streams of a trial, payloads in canonical form. */
function ofOneTrial(contender: Contender): Contender {
  const canonical = new Map(payloads.map((payload) => [payload, { ...payload, text: canonicalJson(payload.value) }]));
  return {
    ...contender,
    append: (append) =>
      contender.append({ ...append, stream: `trial/${append.stream}`, payload: canonical.get(append.payload)! }),
    follow: (deliver, signal) =>
      contender.follow((id, stream, revision) => deliver(id, stream.slice('trial/'.length), revision), signal),
  };
}

/** Proofs for random leaves of a large log: from what is kept, and by GraphQL. */
async function provingOne({ databases, scale }: BenchContext): Promise<Part> {
  const database = await databases.with(scale.events);
  await readModelsOf(database);
  const { url, plan } = database;
  return withProduct(
    url,
    async ({ port, tokenOf, signedIn }) => {
      const signing = openSigning(url);
      const agent = new http.Agent({ keepAlive: true });
      try {
        const token = await tokenOf(TENANT);
        const kept = new KeptTiles(KEPT_TILES);
        const adapter: number[] = [];
        const graphql: number[] = [];
        // The first tenth is for a process that has just begun: it counts for nothing.
        const warmUp = Math.ceil(scale.proofs / 10);
        for (const [nth, position] of spread(plan.events, scale.proofs + warmUp).entries()) {
          if (nth === warmUp) [adapter, graphql].forEach((taken) => taken.splice(0));
          const [event] = await signing.store.readLog(TENANT, { from: BigInt(position - 1), limit: 1 });
          adapter.push(await timed(() => prove(signing.proofs, kept, event!)));
          const trial = event!.stream.split('/', 1)[0]!;
          if (trial === event!.stream || trial.startsWith('@')) continue;
          const query = `{ trial(id: "${trial}") { inclusionProof(event: "${event!.id}") { index leafHash proof checkpoint { note } } } }`;
          graphql.push(
            await timed(async () => {
              const { status, text } = await ask(port, agent, token, query, {});
              if (status !== 200 || !text.includes('"index":'))
                throw new Error(`no proof by GraphQL: ${text.slice(0, 500)}`);
            }),
          );
        }
        const events = `${plan.events.toLocaleString('en')} events`;
        return {
          targets: [
            { title: `inclusion proof, ${events}, p99`, figure: percentile(adapter, 0.99), atMost: 5, unit: ' ms' },
          ],
          correctness: [],
          figures: [
            { title: 'inclusion proof, median', figure: median(adapter), unit: ' ms', range: rangeOf(adapter) },
            {
              title: 'by GraphQL, of its trial, median',
              figure: median(graphql),
              unit: ' ms',
              range: rangeOf(graphql),
            },
            { title: 'by GraphQL, 99th percentile', figure: percentile(graphql, 0.99), unit: ' ms' },
            {
              title: 'signing of the whole log from nothing',
              figure: plan.events / (signedIn / 1_000),
              unit: ' events/s',
            },
          ],
          notes: [
            'Each proof is of an event somewhere in the log, at the latest checkpoint of the whole log, and is verified; a tenth as many come before, unmeasured.',
          ],
        };
      } finally {
        agent.destroy();
        await signing.close();
      }
    },
    ONE_TENANT,
  );
}

/** Where to look: all over the log, in no order that a cache could like. */
function spread(events: number, count: number): readonly number[] {
  const golden = 0.618_033_988_75;
  return Array.from({ length: count }, (_, at) => 1 + Math.floor(((at * golden) % 1) * events));
}

const WHOLE_LOG = '';
/** As many as the API keeps. */
const KEPT_TILES = 512;

/** As the API does it: index by the checkpoint that added the leaf, path by tiles, of which some are kept. @throws when the proof does not hold */
async function prove(proofs: ProofStore, kept: KeptTiles, event: RecordedEvent): Promise<void> {
  const { covering, latest, leaves } = await proofs.proofBasis(TENANT, WHOLE_LOG, event.position);
  const leaf = leafHash(cloudEventLine(event));
  const index = addedAt(parseNote(covering!.note)!.text, leaf)!;
  const head = parseCheckpoint(parseNote(latest!.note)!.text)!;
  const read = besideLeaves(leaves, (tiles) => proofs.tiles(TENANT, WHOLE_LOG, tiles));
  const path = await kept.hashesOf(WHOLE_LOG, inclusionSpans(index, head.size), read);
  if (!verifyInclusion(leaf, index, head.size, path, head.root)) throw new Error(`no proof of ${event.position}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
