import { createHash } from 'node:crypto';

/* RFC 6962, section 2.1, word for word: every definition by itself, over the leaves themselves. */

const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The largest power of two smaller than n. */
function k(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** MTH(D[n]). */
export function merkleTreeHash(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return sha256(Buffer.of(0), leaves[0]!);
  const left = k(leaves.length);
  return sha256(Buffer.of(1), merkleTreeHash(leaves.slice(0, left)), merkleTreeHash(leaves.slice(left)));
}

/** PATH(m, D[n]). */
export function auditPath(m: number, leaves: readonly string[]): readonly Buffer[] {
  if (leaves.length === 1) return [];
  const left = k(leaves.length);
  return m < left
    ? [...auditPath(m, leaves.slice(0, left)), merkleTreeHash(leaves.slice(left))]
    : [...auditPath(m - left, leaves.slice(left)), merkleTreeHash(leaves.slice(0, left))];
}

/** PROOF(m, D[n]), for 0 < m <= n. */
export const consistencyProof = (m: number, leaves: readonly string[]): readonly Buffer[] => subproof(m, leaves, true);

function subproof(m: number, leaves: readonly string[], isWhole: boolean): readonly Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [merkleTreeHash(leaves)];
  const left = k(leaves.length);
  return m <= left
    ? [...subproof(m, leaves.slice(0, left), isWhole), merkleTreeHash(leaves.slice(left))]
    : [...subproof(m - left, leaves.slice(left), false), merkleTreeHash(leaves.slice(0, left))];
}
