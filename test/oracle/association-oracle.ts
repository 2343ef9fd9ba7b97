/*
 * Textbook formulas written out: least squares by the normal equations, leverages from the hat matrix, the externally
 * studentised residual by fitting the line again without the point.
 */

export interface OracleAssociation {
  pearson: number;
  spearman: number;
  slope: number;
  intercept: number;
  residuals: number[];
}

export function oracleAssociation(x: number[], y: number[]): OracleAssociation {
  const { slope, intercept } = line(x, y);
  const residuals = x.map((xi, i) => {
    const others = (values: number[]): number[] => values.filter((_, j) => j !== i);
    const without = line(others(x), others(y));
    const squares = others(x).map((xj, k) => (others(y)[k]! - without.intercept - without.slope * xj) ** 2);
    const s = Math.sqrt(total(squares) / (x.length - 3));
    return (y[i]! - intercept - slope * xi) / (s * Math.sqrt(1 - leverage(x, i)));
  });
  return { pearson: correlation(x, y), spearman: correlation(midRanks(x), midRanks(y)), slope, intercept, residuals };
}

/** (XᵀX)⁻¹Xᵀy for a column of ones and x. */
function line(x: number[], y: number[]): { slope: number; intercept: number } {
  const [n, sx, sxx, sy, sxy] = [x.length, total(x), total(times(x, x)), total(y), total(times(x, y))];
  const determinant = n * sxx - sx * sx;
  return { intercept: (sxx * sy - sx * sxy) / determinant, slope: (n * sxy - sx * sy) / determinant };
}

/** The i-th diagonal element of X(XᵀX)⁻¹Xᵀ. */
function leverage(x: number[], i: number): number {
  const [n, sx, sxx] = [x.length, total(x), total(times(x, x))];
  return (sxx - 2 * sx * x[i]! + n * x[i]! ** 2) / (n * sxx - sx * sx);
}

function correlation(x: number[], y: number[]): number {
  const [mx, my] = [total(x) / x.length, total(y) / y.length];
  const dx = x.map((value) => value - mx);
  const dy = y.map((value) => value - my);
  return total(times(dx, dy)) / Math.sqrt(total(times(dx, dx)) * total(times(dy, dy)));
}

/** A tie shares the mean of its places. */
const midRanks = (values: number[]): number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return below + (same + 1) / 2;
  });

const times = (a: number[], b: number[]): number[] => a.map((value, i) => value * b[i]!);
const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
