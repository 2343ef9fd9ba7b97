/** What a cell of a table may hold. */
export type Cell = string | number | boolean | null;

/**
 * One record of a CSV file (RFC 4180), with its line end. Numbers and booleans stand as they are. A spreadsheet runs text
 * that begins like a formula; an apostrophe before it makes it text again. Text that begins with an apostrophe is given
 * another, so that whoever takes one away reads what was written. Nothing is an empty cell, empty text a quoted one.
 */
export const csvRecord = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = /^[=+\-@\t\r\n']/.test(cell) ? `'${cell}` : cell;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
