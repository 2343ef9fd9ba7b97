import { CopyLimit } from './contenders/copy.js';
import type { BenchContext } from './context.js';
import { median, rangeOf, type Section } from './report.js';
import { payloads, STREAMS } from './workload.js';

/** The limit: COPY of the appends' rows into an equal table with the same three indexes, and into one without any. */
export async function benchCopy({ laboratory, scale: { quick } }: BenchContext): Promise<Section> {
  const url = await laboratory.createCairn('copy');
  const indexed = await CopyLimit.open(url, 'indexed');
  const bare = await CopyLimit.open(url, 'bare', { indexes: false });
  const rows = quick ? 10_000 : 200_000;
  const rates: { indexed: number[]; bare: number[] } = { indexed: [], bare: [] };
  try {
    for (let round = 0; round < (quick ? 1 : 5); round++) {
      rates.indexed.push(await indexed.run('bench', rows, STREAMS, payloads));
      rates.bare.push(await bare.run('bench', rows, STREAMS, payloads));
    }
  } finally {
    await indexed.close();
    await bare.close();
  }
  return {
    name: 'copy',
    title: 'COPY: what rows of this shape cost at the least',
    targets: [],
    correctness: [],
    figures: [
      {
        title: 'with the three indexes',
        figure: median(rates.indexed),
        unit: ' rows/s',
        range: rangeOf(rates.indexed),
      },
      { title: 'without an index', figure: median(rates.bare), unit: ' rows/s', range: rangeOf(rates.bare) },
    ],
    notes: [],
  };
}
