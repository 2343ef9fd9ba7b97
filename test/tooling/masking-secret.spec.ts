import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const { prepareMaskingSecret } = await import(path.join(repository, 'scripts/supervisor/masking-secret.mjs'));

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('the masking secret', () => {
  it('is made once, kept, and readable by nobody else', () => {
    const secret = prepareMaskingSecret(folder, {});
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(prepareMaskingSecret(folder, {})).toBe(secret);
    expect(fs.readdirSync(folder)).toEqual(['masking-secret']);
    expect(fs.statSync(path.join(folder, 'masking-secret')).mode & 0o777).toBe(0o600);
  });

  it('of the environment wins, and no file is made', () => {
    expect(prepareMaskingSecret(folder, { CAIRN_MASKING_SECRET: 'of the environment' })).toBe('of the environment');
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('that is broken is not silently replaced', () => {
    fs.writeFileSync(path.join(folder, 'masking-secret'), '');
    expect(() => prepareMaskingSecret(folder, {})).toThrow(/masking-secret holds no secret/);
  });
});
