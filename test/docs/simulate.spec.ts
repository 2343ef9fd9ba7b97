import { planProblemCodes, readPlan, SimulationPlan, SitePlan } from '@cairn/simulation';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/simulate.md');

const membersIn = (heading: string): string[] =>
  rowsOf(sectionOf(page, heading)).flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));

describe('the page of simulated trials', () => {
  it('lists every member of a plan and of a site, and no other', () => {
    expect(membersIn('The plan').sort()).toEqual(Object.keys(SimulationPlan.shape).sort());
    expect(membersIn('Sites').sort()).toEqual(Object.keys(SitePlan.shape).sort());
  });

  it('names the defaults that there are', () => {
    const {
      site: _,
      participants: _participants,
      supervision: _supervision,
      ...site
    } = SitePlan.parse({
      site: 'A',
      participants: 1,
    });
    const told = new Map(
      rowsOf(sectionOf(page, 'Sites')).map(([name, value]) => [name!.replace(/[`\\*]/g, ''), value]),
    );
    for (const [name, value] of Object.entries(site)) {
      if (name !== 'lateEntries') expect([name, told.get(name)]).toEqual([name, String(value)]);
    }
  });

  it('has an example that is one', () => {
    const [, example] = /```json\n([^`]*)```/.exec(page)!;
    expect(readPlan(JSON.parse(example!)).kind).toBe('read');
  });

  it('has each of the reader’s codes on the page of codes', () => {
    const codes = rowsOf(sectionOf(pageText('docs/codes.md'), 'Plans of simulated trials')).map(([code]) => code);
    expect(codes).toEqual(planProblemCodes.map((code) => `\`${code}\``));
  });
});
