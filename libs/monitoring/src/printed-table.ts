/** A figure as it stands in print, with the counts it should follow from. */
export type PrintedFigure =
  | {
      readonly kind: 'percentage';
      readonly label: string;
      readonly numerator: number;
      readonly denominator: number;
      /** As printed, without the sign: its decimals are its precision. */
      readonly printed: string;
    }
  | { readonly kind: 'total'; readonly label: string; readonly parts: readonly number[]; readonly printed: number };

/** A printed figure that its own counts do not give. */
export interface Contradiction {
  readonly label: string;
  readonly printed: string;
  /** At full precision; null when the counts give nothing. */
  readonly recomputed: number | null;
}

/**
 * Recomputes every printed percentage and total from its counts and returns those that cannot be made from them, in the
 * order given. A percentage is right when it is the recomputed one rounded to the printed decimals; a tie may go either way.
 */
export const checkPrintedTable = (figures: readonly PrintedFigure[]): readonly Contradiction[] =>
  figures.flatMap((figure) => {
    const recomputed = recompute(figure);
    const printed = String(figure.printed);
    return recomputed !== null && Math.abs(Number(printed) - recomputed) <= tolerance(figure)
      ? []
      : [{ label: figure.label, printed, recomputed }];
  });

function recompute(figure: PrintedFigure): number | null {
  switch (figure.kind) {
    case 'percentage':
      return figure.denominator === 0 ? null : (100 * figure.numerator) / figure.denominator;
    case 'total':
      return figure.parts.reduce((sum, part) => sum + part, 0);
    default:
      figure satisfies never;
      return null;
  }
}

function tolerance(figure: PrintedFigure): number {
  if (figure.kind === 'total') return 0;
  const decimals = figure.printed.split('.')[1]?.length ?? 0;
  return 0.5 * 10 ** -decimals + 1e-9;
}
