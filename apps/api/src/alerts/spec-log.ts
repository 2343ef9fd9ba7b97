import { setImmediate as othersTurn } from 'node:timers/promises';
import { type Assignment, type Scope, Viewer } from '@cairn/access';
import type { Position, TenantId } from '@cairn/event-sourcing';
import { type AlertData, type RecordedAlert, signalId } from '@cairn/signals';
import type { TrialStates } from '../monitoring/trial-states.js';
import type { AlertRange, AlertSource } from './stored-alerts.js';

type Told = Partial<
  Pick<RecordedAlert, 'audience' | 'participant'> & Pick<AlertData, 'site' | 'severity' | 'kind' | 'rule'>
>;

/** A log of alerts in memory for specs, which answers in turns of its own, and can be away. */
export class SpecLog implements AlertSource {
  readonly alerts: RecordedAlert[] = [];
  /** Pages that were read, and alerts that they had. */
  readonly reads = { pages: 0, alerts: 0 };
  /** Pages of a trial that were being read at a time, at the most. */
  mostAtOnce = 0;
  away: Error | undefined;
  private readonly listeners = new Set<(tenant: TenantId) => void>();
  private position = 0n;
  private reading = 0;

  readonly onAppended = (listener: (tenant: TenantId) => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** How many listen. */
  get listening(): number {
    return this.listeners.size;
  }

  /** Records an alert, behind other events that nobody asks for. */
  record(trial: string, { site = 'S1', ...told }: Told = {}): string {
    this.position += BigInt(1 + (this.alerts.length % 3));
    const nth = String(this.alerts.length).padStart(12, '0');
    const subject = { kind: 'site', id: site } as const;
    const rule = told.rule ?? 'fidelity_low';
    const kind = told.kind ?? 'raised';
    const id = `00000000-0000-5000-8000-${nth}`;
    const signal = signalId(trial, rule, subject, id);
    const data = { trial, site, signal, kind, rule, severity: told.severity ?? 'warning', subject } as const;
    this.alerts.push({
      alert: {
        ...{ specversion: '1.0', id, source: `/tenants/t/trials/${trial}`, type: `org.cairn.signal.${kind}.v1` },
        ...{ subject: signal, time: '2020-01-01T00:00:00.000Z', datacontenttype: 'application/json' },
        partitionkey: site,
        data: { ...data, retrospective: false, link: `/trials/${trial}/signals/${signal}` },
      },
      audience: told.audience ?? 'delivery',
      participant: told.participant,
      position: this.position,
    });
    for (const listener of this.listeners) listener('t');
    return id;
  }

  async read(_tenant: TenantId, { after, limit, trial }: AlertRange): Promise<readonly RecordedAlert[]> {
    if (trial !== undefined) this.mostAtOnce = Math.max(this.mostAtOnce, ++this.reading);
    await this.answer().finally(() => trial !== undefined && this.reading--);
    const found = this.alerts
      .filter(({ alert, position }) => position > after && (trial === undefined || alert.data.trial === trial))
      .slice(0, limit);
    this.reads.pages++;
    this.reads.alerts += found.length;
    await othersTurn();
    return found;
  }

  async head(): Promise<Position> {
    await this.answer();
    return this.position;
  }

  async find(_tenant: TenantId, id: string): Promise<RecordedAlert | undefined> {
    await this.answer();
    return this.alerts.find(({ alert }) => alert.id === id);
  }

  private async answer(): Promise<void> {
    await othersTurn();
    if (this.away) throw this.away;
  }
}

/** Somebody with these roles in the trial. */
export const viewerWith = (...assignments: readonly Omit<Assignment, 'assignment' | 'person'>[]): Viewer =>
  Viewer.of({
    tenant: 't',
    person: 'somebody',
    name: 'somebody',
    assignments: assignments.map((each, nth) => ({ assignment: `A${nth}`, person: 'somebody', ...each })),
    scopes: new Set<Scope>(),
    validUntil: undefined,
  });

/** A trial with these sites, whose worker `W` has the participant `P`. */
export const specStates = (trial: string, sites: readonly string[]): Pick<TrialStates, 'current'> => ({
  current: async (_tenant: TenantId, asked: string) =>
    (asked === trial
      ? {
          trial: { trial, sites: sites.map((site) => ({ site })), workers: [{ worker: 'W', site: sites[0] }] },
          isAllocated: (participant: string, workers: ReadonlySet<string>) => participant === 'P' && workers.has('W'),
        }
      : undefined) as never,
});
