import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const supervisor = path.join(repository, 'scripts/supervisor');
const { prepareMaskingSecret } = await import(path.join(supervisor, 'masking-secret.mjs'));
const { prepareWebhookSecret } = await import(path.join(supervisor, 'webhook-secret.mjs'));

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe.each([
  ['masking-secret', 'CAIRN_MASKING_SECRET', prepareMaskingSecret],
  ['webhook-secret', 'CAIRN_WEBHOOK_SECRET', prepareWebhookSecret],
])('the %s', (name, variable, prepare) => {
  it('is made once, kept, and readable by nobody else', () => {
    const secret = prepare(folder, {});
    expect(secret.length).toBeGreaterThanOrEqual(32);
    expect(prepare(folder, {})).toBe(secret);
    expect(fs.readdirSync(folder)).toEqual([name]);
    expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it('of the environment wins, and no file is made', () => {
    expect(prepare(folder, { [variable]: 'of the environment' })).toBe('of the environment');
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('that is broken is not silently replaced', () => {
    fs.writeFileSync(path.join(folder, name), '');
    expect(() => prepare(folder, {})).toThrow(`${name} holds no secret`);
  });
});
