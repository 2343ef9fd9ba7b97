/** Bytes of the longest line of events: a payload of a million, and what is said about it. */
const LINE_MAX_BYTES = 4 * 1024 * 1024;
const LF = 0x0a;

/**
 * Lines of UTF-8 as they arrive, without their line feeds. One that is too long, is no UTF-8 or has no end is undefined, and
 * the last.
 */
export async function* textLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<readonly (string | undefined)[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (bytes: Uint8Array): string | undefined => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
  let rest: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    const lines: (string | undefined)[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      lines.push(decoded(Buffer.concat([...rest, chunk.subarray(from, end)])));
      rest = [];
      size = 0;
      from = end + 1;
    }
    size += chunk.length - from;
    rest.push(chunk.subarray(from));
    if (size > LINE_MAX_BYTES) lines.push(undefined);
    yield lines;
    if (lines.at(-1) === undefined && lines.length > 0) return;
  }
  if (size > 0) yield [undefined];
}
