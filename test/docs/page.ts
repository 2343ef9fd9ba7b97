import fs from 'node:fs';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../..');

/** The text of a page of the documentation. */
export const pageText = (file: string): string => fs.readFileSync(path.join(repository, file), 'utf8');

/** What stands under a heading, up to the next one. */
export function sectionOf(page: string, heading: string): string {
  const [, after] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  if (after === undefined) throw new Error(`there is no section ${heading}`);
  return after.split(/^#+ /m)[0]!;
}

/** The rows of the section's table without its header, as the texts of their cells. */
export const rowsOf = (section: string): readonly (readonly string[])[] =>
  section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

/** Every code that a text names. */
export const codesIn = (text: string): readonly string[] => [
  ...new Set(text.match(/\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)+\b/g)),
];
