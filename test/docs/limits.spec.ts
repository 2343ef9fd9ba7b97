import { documentMaxima, MAX_TOKENS } from '../../apps/api/src/graphql/limits.js';
import { PAGE_MAX } from '../../apps/api/src/graphql/connection.js';
import { defaultLimits, limitsFrom, tenantLimitSettings } from '../../apps/api/src/limits/tenant-limits.js';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/limits.md');

test('every limit of a tenant with its setting and default', () => {
  const documented = rowsOf(sectionOf(page, 'Of a tenant')).map(([setting, value]) => [
    setting!.slice(1, -1),
    Number(value),
  ]);
  expect(documented.map(([setting]) => setting)).toEqual(Object.keys(tenantLimitSettings));
  expect(limitsFrom(Object.fromEntries(documented) as Parameters<typeof limitsFrom>[0])).toEqual(defaultLimits);
});

test('every limit of a document', () => {
  const documented = rowsOf(sectionOf(page, 'Of a GraphQL document')).map(([what, most]) => [what, Number(most)]);
  expect(Object.fromEntries(documented)).toEqual({
    tokens: MAX_TOKENS,
    ...documentMaxima,
    'items of a page': PAGE_MAX,
  });
});
