import { addedAt, checkpointOrigin, checkpointText, parseCheckpoint } from './checkpoint.js';
import { leafHash } from './merkle.js';

const TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

describe('a checkpoint', () => {
  it('reads as C2SP tlog-checkpoint says', () => {
    const read = parseCheckpoint(TEXT)!;
    expect(read).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163, added: [] });
    expect(Buffer.from(read.root).toString('base64')).toBe('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=');
    expect(checkpointText(read)).toBe(TEXT);
  });

  it('has the hash of each leaf that it adds on a line', () => {
    const checkpoint = { origin: 'a', size: 3, root: leafHash('root'), added: [leafHash('x'), leafHash('y')] };
    const text = checkpointText(checkpoint);
    expect(text.split('\n')).toHaveLength(6);
    expect(checkpointText(parseCheckpoint(text)!)).toBe(text);
  });

  it('tells which leaf of the tree it is that it adds, without being taken apart', () => {
    const added = Array.from({ length: 256 }, (_, index) => leafHash(`leaf ${index}`));
    const text = checkpointText({ origin: 'a', size: 1_000, root: leafHash('root'), added });
    expect(added.map((leaf) => addedAt(text, leaf))).toEqual(added.map((_, index) => 744 + index));
    expect(addedAt(text, leafHash('another'))).toBeUndefined();
    expect(addedAt(text, leafHash('root'))).toBeUndefined();
    expect(addedAt(TEXT, leafHash('leaf 0'))).toBeUndefined();
    expect(addedAt('no checkpoint', leafHash('leaf 0'))).toBeUndefined();
    expect(addedAt(`${text.trimEnd()} and more\n`, added[0]!)).toBeUndefined();
  });

  it('names its tree by key, tenant and scope', () => {
    expect(checkpointOrigin('cairn.1f', 'my unit', 'enrich')).toBe('cairn.1f/my%20unit/enrich');
    expect(checkpointOrigin('cairn.1f', 'unit', '')).toBe('cairn.1f/unit/');
  });

  const root = TEXT.split('\n')[2]!;
  it.each([
    ['without its last line feed', TEXT.slice(0, -1)],
    ['of two lines', 'a\n1\n'],
    ['without an origin', `\n1\n${root}\n`],
    ['with a leading zero', `a\n01\n${root}\n`],
    ['of a negative size', `a\n-1\n${root}\n`],
    ['of a size that no number holds', `a\n9999999999999999\n${root}\n`],
    ['with half a root', 'a\n1\nCsUY\n'],
    ['with a root in other base64', `a\n1\n${root.slice(0, -1)}\n`],
    ['with an empty line', `${TEXT}\n`],
    ['with a line that is no hash', `${TEXT}extension\n`],
    ['that adds more than it has', `a\n1\n${root}\n${root}\n${root}\n`],
    ['that adds more than 256', `a\n1000\n${root}\n${`${root}\n`.repeat(257)}`],
  ])('is none %s', (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});
