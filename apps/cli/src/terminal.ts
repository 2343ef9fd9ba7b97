import cliProgress from 'cli-progress';

/** Where a command writes: answers to `out`, progress and warnings to `err`, so that answers can be piped. */
export interface Terminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/**
 * `cairn import … | head` closes a pipe early. That is no failure and no reason to stop what was asked for, nor to end
 * with another exit code than the work itself has; any other trouble with writing is.
 */
export function outliveReaders({ out, err }: Terminal, fail: () => void): void {
  for (const stream of [out, err]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') fail();
    });
  }
}

export interface Progress {
  /** @param done of `total`; @param note a few words that stand beside it */
  update(done: number, note: string): void;
  /** Something was finished: a line of its own where no bar can be drawn. */
  milestone(line: string): void;
  stop(): void;
}

/** A bar on a terminal, plain lines in a log. */
export function startProgress(err: Terminal['err'], label: string, total: number): Progress {
  if (err.isTTY !== true) {
    return {
      update: () => undefined,
      milestone: (line) => void err.write(`${line}\n`),
      stop: () => undefined,
    };
  }
  const bar = new cliProgress.SingleBar({
    stream: err,
    format: `${label} {bar} {percentage}% | {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    barsize: 30,
  });
  bar.start(Math.max(total, 1), 0, { note: '' });
  return {
    update: (done, note) => bar.update(Math.min(done, total), { note }),
    milestone: () => undefined,
    stop: () => bar.stop(),
  };
}

/** 1234567 as 1,234,567. */
export const grouped = (count: number): string => count.toLocaleString('en-GB');

/** Lines of a table with its columns under each other. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
