import v8 from 'node:v8';
import vm from 'node:vm';
import { query } from '../bench/laboratory.js';

/**
 * Bytes of memory that the documents of all trials take when they have been read, as an api keeps them.
 * @param url of a superuser
 */
export async function documentsInMemory(url: string): Promise<number> {
  const { rows } = await query(
    url,
    `select format('select document from read_model.%I_g%s', projection, generation) as every
     from read_model.generation where state = 'serving'`,
  );
  const texts: string[] = [];
  for (const { every } of rows as { readonly every: string }[]) {
    const found = await query(url, every);
    for (const row of found.rows as { readonly document: string }[]) texts.push(row.document);
  }
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const documents = texts.map((text): unknown => JSON.parse(text));
  collect();
  const taken = process.memoryUsage().heapUsed - before;
  // Until here they are held.
  return documents.length === 0 ? 0 : taken;
}
