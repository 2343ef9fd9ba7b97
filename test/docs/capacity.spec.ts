import { COPIED, LEASES, ONE_SERVER } from '../../apps/cli/src/capacity/limits.js';
import { MEASURED } from '../../apps/cli/src/capacity/measured.js';
import { BUSY, CONNECTIONS, DUE_IN_A_DAY, LOOKED_AT, PATIENCE } from '../../apps/cli/src/capacity/plan.js';
import { ONE_LIKE_ENRICH, SIZES } from '../../apps/cli/src/capacity/sizes.js';
import { costsTable, planTables } from '../../apps/cli/src/capacity/tables.js';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/capacity.md');
const { plans, limits } = planTables(MEASURED, SIZES);

describe('the page of capacity', () => {
  it.each([
    ['costs', costsTable(MEASURED)],
    ['plans', plans],
    ['limits', limits],
  ])('has the table of %s as `cairn capacity tables` prints it', (_, table) => {
    expect(page).toContain(`\n${table}\n`);
  });

  it('says what was assumed', () => {
    const assumed = new Map(rowsOf(sectionOf(page, 'Assumed')).map(([name, value]) => [name, value]));
    expect(Object.fromEntries(assumed)).toEqual({
      'cores that are used in a busy hour': `${BUSY * 100} %`,
      'timers of a participant that are due on a day': `${DUE_IN_A_DAY * 100} %`,
      'trials that somebody looks at in an hour': `${LOOKED_AT * 100} %`,
      'sites that import their week on Monday morning': `${ONE_LIKE_ENRICH.importing * 100} %`,
      'an event is shown, an import is done, a timer is looked at within': `${PATIENCE.shown} s, ${PATIENCE.imported} s, ${PATIENCE.due} s`,
      'connections of an api, a projector, an alerter': `${CONNECTIONS.api}, ${CONNECTIONS.projector}, ${CONNECTIONS.alerter}`,
      'sites of a trial, participants of a site': `${ONE_LIKE_ENRICH.sites}, ${ONE_LIKE_ENRICH.participants}`,
      'years of a trial, years that are stored': `${ONE_LIKE_ENRICH.trialYears}, ${ONE_LIKE_ENRICH.years}`,
      'leases of a tenant, and rows of leases a second that PostgreSQL bears': `${LEASES.ofATenant}, ${LEASES.rows}`,
      'PostgreSQL: cores, disk, connections, events in a table': `${ONE_SERVER.cores}, ${ONE_SERVER.bytes / 1e12} TB, ${ONE_SERVER.connections}, ${ONE_SERVER.events / 1e9} thousand million`,
      'a backup is copied at': `${COPIED / 1e6} MB/s`,
      'who follow a trial at a time': `${ONE_LIKE_ENRICH.subscribers}`,
    });
  });
});
