/** A line of NDJSON: a value, or why there is none. Ordinals count from 1, blank lines included. */
export type NdjsonLine =
  | { readonly ordinal: number; readonly value: unknown }
  | { readonly ordinal: number; readonly fault: 'not JSON' | 'too large' };

const LF = 0x0a;

/**
 * Takes newline-delimited JSON apart as it arrives. A line that is too long is dropped as it comes in, so that no client
 * can fill the memory. Blank lines are passed over.
 */
export async function* ndjsonLines(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<NdjsonLine[]> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let ordinal = 0;

  const take = (): NdjsonLine | undefined => {
    ordinal++;
    if (size === 0) return undefined;
    const bytes = size > maxBytes ? undefined : Buffer.concat(pieces, size);
    pieces = [];
    size = 0;
    if (!bytes) return { ordinal, fault: 'too large' };
    const text = bytes.toString('utf8').trim();
    if (text === '') return undefined;
    try {
      return { ordinal, value: JSON.parse(text) };
    } catch {
      return { ordinal, fault: 'not JSON' };
    }
  };

  for await (const chunk of source) {
    const lines: NdjsonLine[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LF, from);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      size += piece.length;
      if (size > maxBytes) pieces = [];
      else if (piece.length > 0) pieces.push(piece);
      if (end === -1) break;
      const line = take();
      if (line) lines.push(line);
      from = end + 1;
    }
    if (lines.length > 0) yield lines;
  }
  if (size > 0) {
    const line = take();
    if (line) yield [line];
  }
}
