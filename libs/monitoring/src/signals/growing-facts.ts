import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import { type RecordVersion, standingVersions } from '../record-versions.js';
import type { TrialRegister } from '../trial-register.js';
import { trialSetting, type TrialSetting } from '../trial-setting.js';
import { isDeliveryEvent, type TrialUnit, unitName, unitOf } from '../trial-units.js';
import { participantStanding } from './participant-standing.js';
import type { TouchedUnits } from './rule-subjects.js';
import { NEVER, type TrialFacts } from './trial-facts.js';

/**
 * The facts of a trial whose log is read as it grows: at any time what `trialFacts` makes of the events so far. Only units
 * that something was recorded about are worked out again.
 */
export class GrowingFacts implements TrialFacts {
  readonly units = new Map<string, GrowingUnit>();
  private changes = 0;
  private participants = new Set<string>();
  private sites = new Set<string>();
  private present!: TrialSetting;
  private recruitment: string | undefined;

  constructor(register: TrialRegister, recruitmentTo: string | undefined) {
    this.register(register, recruitmentTo);
  }

  get setting(): TrialSetting {
    return this.present;
  }

  get recruitmentTo(): string | undefined {
    return this.recruitment;
  }

  get revision(): number {
    return this.changes;
  }

  /** The register is another one: whoever keeps episodes works all of them out again. */
  register(register: TrialRegister, recruitmentTo: string | undefined): void {
    this.changes += 1;
    this.present = trialSetting(register, NEVER);
    this.recruitment = recruitmentTo;
    for (const { site } of register.sites) this.unit({ kind: 'site', id: site });
    for (const { worker } of register.workers) this.unit({ kind: 'worker', id: worker });
  }

  /** The next event of the trial's log; one of another context changes nothing. */
  add(event: Fact<DeliveryEvent>): void {
    if (!isDeliveryEvent(event)) return;
    this.changes += 1;
    const unit = unitOf(event);
    // These can take a participant from one site to another, and concern both.
    if (moving.has(event.type)) this.touchSite(unit);
    this.unit(unit).add(event);
    if (unit.kind === 'participant') this.participants.add(unit.id);
    else this.touchSite(unit);
  }

  /** Whom the events concern that were added since this was last asked. */
  takeTouched(): TouchedUnits {
    for (const id of this.participants) this.touchSite({ kind: 'participant', id });
    const touched = { participants: this.participants, sites: this.sites };
    this.participants = new Set();
    this.sites = new Set();
    return touched;
  }

  private touchSite(unit: TrialUnit): void {
    const site = this.siteOf(unit);
    if (site !== undefined) this.sites.add(site);
  }

  private siteOf({ kind, id }: TrialUnit): string | undefined {
    switch (kind) {
      case 'participant':
        return participantStanding(this, id)?.site;
      case 'site':
        return id;
      case 'worker':
        return this.present.workers.get(id)?.site;
      default:
        return kind satisfies never;
    }
  }

  private unit(unit: TrialUnit): GrowingUnit {
    const name = unitName(unit);
    const found = this.units.get(name) ?? new GrowingUnit(unit);
    this.units.set(name, found);
    return found;
  }
}

const moving: ReadonlySet<DeliveryEvent['type']> = new Set([
  'ParticipantReferred',
  'ParticipantRecordVoided',
  'ParticipantRecordAmended',
]);

class GrowingUnit implements TrialUnit {
  readonly kind: TrialUnit['kind'];
  readonly id: string;
  private readonly events: Fact<DeliveryEvent>[] = [];
  private standing: readonly RecordVersion[] | undefined;

  constructor({ kind, id }: TrialUnit) {
    this.kind = kind;
    this.id = id;
  }

  add(event: Fact<DeliveryEvent>): void {
    this.events.push(event);
    this.standing = undefined;
  }

  get versions(): readonly RecordVersion[] {
    return (this.standing ??= standingVersions(this.events));
  }
}
