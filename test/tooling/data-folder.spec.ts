import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const { takeDataFolder } = await import(path.join(repository, 'scripts/supervisor/data-folder.mjs'));

let place: string;
beforeEach(() => {
  place = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'));
});
afterEach(() => fs.rmSync(place, { recursive: true }));

describe('the data folder', () => {
  it('is made, taken by one, and free again when it is released', async () => {
    const folder = path.join(place, 'a', 'b');
    const taken = await takeDataFolder(folder);
    await expect(takeDataFolder(folder)).rejects.toThrow(`Cairn already runs on ${folder}`);
    taken.release();
    (await takeDataFolder(folder)).release();
  });

  it.each(['file', 'file/below', 'x'.repeat(300)])('cannot be %s, and a sentence says so', async (name) => {
    fs.writeFileSync(path.join(place, 'file'), '');
    await expect(takeDataFolder(path.join(place, name))).rejects.toThrow(/^The data folder .* Choose another/);
  });
});
