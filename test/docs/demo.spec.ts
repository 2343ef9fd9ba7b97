import path from 'node:path';
import { pageText, repository, rowsOf, sectionOf } from './page.js';

interface Member {
  readonly person: string;
  readonly role: string;
  readonly site?: string;
  readonly worker?: string;
  readonly years?: number;
}
interface DemoTenant {
  readonly administrator: Member;
  readonly manager: Member;
  readonly people: readonly Member[];
  readonly machines: readonly Member[];
}
const { demoTenants } = (await import(path.join(repository, 'scripts/supervisor/demo-tenants.mjs'))) as {
  readonly demoTenants: readonly DemoTenant[];
};

const described = ({ role, site, worker, years }: Omit<Member, 'person'>): string =>
  `\`${role}\`${site ? ` of ${site}` : ''}${worker ? ` ${worker}` : ''}${years ? ', for a year' : ''}`;

test('the README has everybody of the demo and their role', () => {
  const expected = demoTenants.flatMap(({ administrator, manager, people, machines }) => [
    [`\`${administrator.person}\``, described({ role: 'sponsor_administrator' })],
    [`\`${manager.person}\``, described({ role: 'trial_manager' })],
    ...people.map((each) => [`\`${each.person}\``, described(each)]),
    ...machines.map((each) => [`\`${each.person}\`, a machine`, described(each)]),
  ]);
  const rows = rowsOf(sectionOf(pageText('README.md'), 'Who is asking')).slice(0, expected.length);
  expect(rows).toEqual(expected);
});
