/** A line of a CSV file taken apart, or why it could not be. */
export type CsvLine =
  | { readonly kind: 'cells'; readonly line: number; readonly cells: readonly string[] }
  | { readonly kind: 'bad'; readonly line: number; readonly code: CsvFault };
export type CsvFault = 'QUOTE_NOT_CLOSED' | 'QUOTE_MISPLACED' | 'LINE_TOO_LONG';

/** Longest line, line breaks inside of quotes included, in UTF-16 code units. */
export const LINE_MAX_LENGTH = 1_000_000;

const COMMA = 0x2c;
const QUOTE = 0x22;
const CR = 0x0d;
const LF = 0x0a;

type Taken =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'blank' | 'cells'; readonly cells: string[]; readonly end: number; readonly lines: number }
  | { readonly kind: 'bad'; readonly code: CsvFault; readonly openedAt: number };

/**
 * Takes RFC 4180 text apart as it arrives. Line breaks may be LF, CRLF or CR, also mixed; blank lines are passed over.
 *
 * Ready-made parsers were tried and end the whole file at the first wrong quote, or lose count of lines within quotes. Here a
 * wrong quote costs its own line only: reading goes on at the line after the one where the quote was opened, so that one
 * forgotten quote neither hides the good rows behind it nor moves the blame to where the file happens to end.
 */
export class CsvSplitter {
  private rest = '';
  private line = 1;
  private skippingLongLine = false;

  /** Takes the next piece of text and gives the lines that are complete with it. */
  push(text: string): CsvLine[] {
    this.rest = this.rest === '' ? text : this.rest + text;
    return this.takeLines(false);
  }

  /** Gives what is left when the text has ended. */
  end(): CsvLine[] {
    return this.takeLines(true);
  }

  private takeLines(final: boolean): CsvLine[] {
    const lines: CsvLine[] = [];
    let at = 0;
    while (at < this.rest.length) {
      if (this.skippingLongLine) {
        const next = afterLineBreak(this.rest, at, final);
        if (next === undefined) {
          at = this.rest.endsWith('\r') && !final ? this.rest.length - 1 : this.rest.length;
          break;
        }
        this.skippingLongLine = false;
        this.line++;
        at = next;
        continue;
      }
      const taken = takeLine(this.rest, at, final);
      if (taken.kind === 'incomplete') {
        if (this.rest.length - at <= LINE_MAX_LENGTH) break;
        lines.push({ kind: 'bad', line: this.line, code: 'LINE_TOO_LONG' });
        this.skippingLongLine = true;
        continue;
      }
      if (taken.kind === 'bad') {
        // The quote may have been opened lines after the row began, when an earlier cell holds line breaks.
        const line = this.line + countLineBreaks(this.rest, at, taken.openedAt);
        lines.push({ kind: 'bad', line, code: taken.code });
        this.line = line;
        this.skippingLongLine = true;
        at = taken.openedAt;
        continue;
      }
      if (taken.kind === 'cells') lines.push({ kind: 'cells', line: this.line, cells: taken.cells });
      this.line += taken.lines;
      at = taken.end;
    }
    this.rest = this.rest.slice(at);
    return lines;
  }
}

function takeLine(text: string, start: number, final: boolean): Taken {
  const lf = text.indexOf('\n', start);
  if (lf !== -1) {
    const end = lf > start && text.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
    const plain = text.slice(start, end);
    // Nearly every line of a real file: nothing quoted, so that commas are the only thing that matters.
    if (!plain.includes('"') && !plain.includes('\r')) {
      if (plain.length > LINE_MAX_LENGTH) return { kind: 'bad', code: 'LINE_TOO_LONG', openedAt: start };
      return plain === ''
        ? { kind: 'blank', cells: [], end: lf + 1, lines: 1 }
        : { kind: 'cells', cells: plain.split(','), end: lf + 1, lines: 1 };
    }
  }
  return takeQuotedLine(text, start, final);
}

function takeQuotedLine(text: string, start: number, final: boolean): Taken {
  const cells: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    let cell: string;
    if (text.charCodeAt(at) === QUOTE) {
      const openedAt = at;
      let close = openedAt;
      for (;;) {
        close = text.indexOf('"', close + 1);
        if (close === -1 || close - start > LINE_MAX_LENGTH) {
          const given = (close === -1 ? text.length : close) - start;
          return final || given > LINE_MAX_LENGTH
            ? { kind: 'bad', code: 'QUOTE_NOT_CLOSED', openedAt }
            : { kind: 'incomplete' };
        }
        if (text.charCodeAt(close + 1) !== QUOTE) break;
        close++;
      }
      if (close + 1 === text.length && !final) return { kind: 'incomplete' };
      cell = text.slice(openedAt + 1, close).replaceAll('""', '"');
      lines += countLineBreaks(text, openedAt, close);
      at = close + 1;
      const after = text.charCodeAt(at);
      if (at < text.length && after !== COMMA && after !== CR && after !== LF) {
        return { kind: 'bad', code: 'QUOTE_MISPLACED', openedAt };
      }
    } else {
      const from = at;
      for (; at < text.length; at++) {
        const character = text.charCodeAt(at);
        if (character === COMMA || character === CR || character === LF) break;
        if (character === QUOTE) return { kind: 'bad', code: 'QUOTE_MISPLACED', openedAt: at };
      }
      if (at - start > LINE_MAX_LENGTH) return { kind: 'bad', code: 'LINE_TOO_LONG', openedAt: start };
      cell = text.slice(from, at);
    }
    cells.push(cell);
    if (at === text.length) {
      return final ? { kind: 'cells', cells, end: at, lines } : { kind: 'incomplete' };
    }
    if (text.charCodeAt(at) === COMMA) {
      at++;
      continue;
    }
    const end = afterLineBreak(text, at, final);
    if (end === undefined) return { kind: 'incomplete' };
    const blank = cells.length === 1 && cell === '' && text.charCodeAt(start) !== QUOTE;
    return { kind: blank ? 'blank' : 'cells', cells, end, lines };
  }
}

/** Where the line after the next line break begins; undefined when the text so far does not tell. */
function afterLineBreak(text: string, from: number, final: boolean): number | undefined {
  for (let at = from; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === LF) return at + 1;
    if (character === CR) {
      if (at + 1 === text.length && !final) return undefined;
      return text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
    }
  }
  return undefined;
}

function countLineBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    const character = text.charCodeAt(at);
    if (character === LF || (character === CR && text.charCodeAt(at + 1) !== LF)) count++;
  }
  return count;
}
