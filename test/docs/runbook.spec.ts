import { advice, chapterOf } from '../../apps/cli/src/doctor/finding.js';
import { pageText } from './page.js';

const page = pageText('docs/runbook.md');
/** As a page is linked into: lower case, a dash for each space, of other signs only dashes and underscores. */
const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
  heading!
    .toLowerCase()
    .replaceAll(' ', '-')
    .replace(/[^\w-]/g, ''),
);
const rules = pageText('infra/prometheus/cairn.rules.yml');
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);

test('every heading is linked to as itself', () => expect(new Set(anchors).size).toBe(anchors.length));

test.each(Object.keys(advice) as (keyof typeof advice)[])('the doctor’s %s has a chapter', (code) =>
  expect(anchors).toContain(chapterOf(code).split('#')[1]),
);

test('every alert has a chapter, and every chapter an alert', () => {
  expect(alerts.length).toBeGreaterThan(20);
  const [, after] = page.split(/^## Alerts$/m);
  const chapters = [...after!.split(/^## /m)[0]!.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(chapters.toSorted()).toEqual(alerts.toSorted());
});

test('what the alerts link to is there', () => {
  const linked = [...rules.matchAll(/runbook_url: docs\/runbook\.md#([\w-]+)/g)].map(([, anchor]) => anchor);
  expect(linked).toHaveLength(alerts.length);
  expect(linked.filter((anchor) => !anchors.includes(anchor!))).toEqual([]);
});
