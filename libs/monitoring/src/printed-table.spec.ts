import { describe, expect, it } from '@jest/globals';
import { checkPrintedTable, type PrintedFigure } from './printed-table.js';

const percentage = (label: string, numerator: number, denominator: number, printed: string): PrintedFigure => ({
  kind: 'percentage',
  label,
  numerator,
  denominator,
  printed,
});

describe('a printed table', () => {
  it('is not believed where its own counts say otherwise: Table 2 of the case study', () => {
    expect(
      checkPrintedTable([
        percentage('site 1', 61, 89, '69'),
        percentage('site 2', 39, 76, '51'),
        percentage('site 3', 27, 34, '79'),
        percentage('site 4', 8, 17, '41'),
        percentage('overall', 163, 265, '62.5'),
        { kind: 'total', label: 'with data', parts: [89, 76, 34, 17, 20, 20, 9], printed: 265 },
        { kind: 'total', label: 'randomised', parts: [181, 158, 69, 71, 41, 39, 27], printed: 590 },
      ]),
    ).toEqual([
      { label: 'site 4', printed: '41', recomputed: (100 * 8) / 17 },
      { label: 'overall', printed: '62.5', recomputed: (100 * 163) / 265 },
      { label: 'randomised', printed: '590', recomputed: 586 },
    ]);
  });

  it('is judged at the precision it prints, and a tie may be rounded either way', () => {
    expect(checkPrintedTable([percentage('a', 61, 89, '68.5'), percentage('b', 61, 89, '68.54')])).toEqual([]);
    expect(checkPrintedTable([percentage('a', 61, 89, '68.6'), percentage('b', 61, 89, '68.55')])).toHaveLength(2);
    expect(checkPrintedTable([percentage('a', 1, 8, '12'), percentage('b', 1, 8, '13')])).toEqual([]);
  });

  it('cannot print a share of nobody, or no number', () => {
    expect(checkPrintedTable([percentage('a', 0, 0, '0'), percentage('b', 1, 2, 'half')])).toEqual([
      { label: 'a', printed: '0', recomputed: null },
      { label: 'b', printed: 'half', recomputed: 50 },
    ]);
  });
});
