import { accessRefusals } from '@cairn/access';
import { auditRefusals } from '@cairn/audit';
import { deliveryRefusals } from '@cairn/delivery';
import { registryRefusals } from '@cairn/registry';
import { signalsRefusals, subscriptionRefusals } from '@cairn/signals';
import { errorStatuses } from '../../apps/api/src/graphql/errors.js';
import { MALFORMED_CODES, STOP_CODES } from '../../apps/api/src/import/import-record.js';
import { RESTORE_STATUSES } from '../../apps/api/src/export/restore-run.js';
import { edgeErrors } from '../../apps/api/src/operations/edge-errors.filter.js';
import { bundleProblemCodes } from '../../apps/cli/src/bundle/problem.js';
import { alteredCodes, unreadableCodes } from '../../apps/cli/src/verify/problem.js';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/codes.md');
const table = (heading: string) => rowsOf(sectionOf(page, heading));
const codes = (heading: string) =>
  table(heading).flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, code]) => code));

test.each([
  ['By the registry', registryRefusals],
  ['By delivery', deliveryRefusals],
  ['By access', accessRefusals],
  ['By audit', auditRefusals],
  ['By signals', signalsRefusals],
  ['By alert subscriptions', subscriptionRefusals],
])('%s: every refusal with its sentence', (heading, refusals) => {
  expect(table(heading)).toEqual(Object.entries(refusals).map(([code, sentence]) => [`\`${code}\``, sentence]));
});

test('every error of GraphQL with its status', () => {
  const documented = table('GraphQL errors').map(([code, status]) => [code!.slice(1, -1), Number(status)]);
  expect(documented).toEqual(Object.entries(errorStatuses).map(([code, status]) => [code, status ?? 400]));
});

test('every error outside of GraphQL with its status', () => {
  const documented = table('HTTP errors').map(([code, status]) => [status, code!.slice(1, -1)]);
  const known = Object.entries(edgeErrors).map(([status, { code }]) => [status, code]);
  expect(documented).toEqual(known.filter(([, code]) => !Object.hasOwn(errorStatuses, code!)));
});

test('everything that an import says of a line or of its end', () => {
  expect(codes('Imports')).toEqual([...MALFORMED_CODES, ...STOP_CODES]);
});

test('everything for which a restoration is refused', () => {
  const documented = table('Restoring an export').map(([code, status]) => [code!.slice(1, -1), Number(status)]);
  expect(documented).toEqual(Object.entries(RESTORE_STATUSES));
});

test('everything that is found in an export', () => {
  expect(codes('Verifying an export').toSorted()).toEqual([...alteredCodes, ...unreadableCodes].toSorted());
});

test('everything that the reader of bundles finds', () => {
  expect(codes('Rows of a bundle').toSorted()).toEqual(bundleProblemCodes.toSorted());
});
