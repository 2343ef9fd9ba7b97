import fs from 'node:fs';
import path from 'node:path';
import { pageText, repository } from './page.js';

const pages = fs
  .globSync('{*.md,docs/**/*.md,{apps,libs}/*/*.md,{infra,test}/**/*.md}', { cwd: repository })
  .filter((file) => !file.includes('node_modules'));

test('there are pages', () => expect(pages).toContain('README.md'));

test.each(pages)('%s links to what is there', (page) => {
  const links = [...pageText(page).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target!);
  const missing = links.filter((target) => !fs.existsSync(path.join(repository, path.dirname(page), target)));
  expect(missing).toEqual([]);
});
