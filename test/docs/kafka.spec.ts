import { publishFaults, TOPIC_PREFIX } from '@cairn/platform/kafka';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/kafka.md');

it('has every reason for which nothing is published, with its sentence', () => {
  const documented = rowsOf(sectionOf(page, 'When nothing comes'));
  expect(documented).toEqual(Object.entries(publishFaults).map(([code, sentence]) => [`\`${code}\``, sentence]));
});

it('shows the consumer that is tested', () => {
  expect(page).toContain(`\`\`\`js\n${pageText('infra/kafka/consumer.mjs')}\`\`\``);
});

it('names topics as they are named unless somebody says otherwise', () => {
  expect(page).toContain(`\`${TOPIC_PREFIX.replace('{tenant}', '<tenant>')}\``);
});
