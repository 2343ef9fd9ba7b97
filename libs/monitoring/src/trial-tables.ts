import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact, Instant } from '@cairn/event-sourcing';
import { currencyAllocationTable, currencyTable } from './currency.js';
import { engagementTable, offeredTable } from './engagement-tables.js';
import { associationTable, fidelityTable } from './fidelity-tables.js';
import { lateTable } from './late-records.js';
import { Ledger } from './ledger.js';
import { armsTable, flowTable } from './participant-flow.js';
import { participantsTable } from './participant-rows.js';
import { standingVersions } from './record-versions.js';
import { supervisionTable } from './supervision.js';
import { tableOf, type TableRule } from './table-rule.js';
import { trainingTable } from './training-days.js';
import { contributionOf, contributionOfSetting } from './trial-contributions.js';
import type { TrialRegister } from './trial-register.js';
import { trialSetting, type TrialSetting } from './trial-setting.js';
import type { TrialTable } from './trial-table.js';
import { trialUnits } from './trial-units.js';

/** What the tables are made of. */
export interface TrialTablesInput {
  /** As it was at the last of the events. */
  readonly register: TrialRegister;
  /** Of this trial, in the order of the log, up to the position that is asked about; those of other contexts are left out. */
  readonly events: Iterable<Fact<DeliveryEvent>>;
  /** Exclusive: what occurred at this instant or later does not count yet. */
  readonly occurredBefore: Instant;
}

/** Every table of a trial, by name: what had happened before `occurredBefore`, as far as the events tell it. */
export function trialTables({ register, events, occurredBefore }: TrialTablesInput): readonly TrialTable[] {
  const asOf = occurredBefore - 1;
  const setting = trialSetting(register, asOf);
  const ledger = new Ledger();
  ledger.add(contributionOfSetting(setting));
  for (const unit of trialUnits(events, register).values()) {
    ledger.add(contributionOf(unit, standingVersions(unit.events), setting, asOf));
  }
  return tableRules(setting).map((rule) => tableOf(rule, setting, ledger));
}

/** How each table is made, by rising name. */
export const tableRules = (setting: TrialSetting): readonly TableRule[] => [
  armsTable,
  associationTable(setting),
  currencyTable,
  currencyAllocationTable,
  engagementTable,
  fidelityTable,
  flowTable,
  lateTable,
  offeredTable,
  participantsTable(setting.definitions.map(({ id }) => id)),
  supervisionTable([...setting.sites.keys()]),
  trainingTable,
];
