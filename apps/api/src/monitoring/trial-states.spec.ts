import { type Assignment, Viewer } from '@cairn/access';
import type { ParticipantFacts } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';
import { EngagementChanges } from './engagement-changes.js';
import type { TrialReading } from './trial-documents.js';
import type { EngagementAnswer } from './trial-state.js';
import { type TrialDocumentSource, TrialStates } from './trial-states.js';

const roster: TrialRoster = {
  kind: 'registered',
  trial: 'T',
  title: 'T',
  timeZone: 'UTC',
  protocols: [
    {
      version: 1,
      occurredAt: 0,
      protocol: {
        arms: [{ id: 'support', intervention: true }],
        strata: [],
        interventionWindow: { weeksAfterDischarge: 1 },
        engagementDefinitions: [],
      },
    },
  ],
  sites: [
    {
      site: 'S1',
      name: 'S1',
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      localities: [],
    },
  ],
  workers: [],
};

const time = (text: string): number => Date.parse(text);
const facts: ParticipantFacts = {
  facts: (
    [
      { kind: 'referred', site: 'S1' },
      { kind: 'randomised', arm: 'support' },
      { kind: 'allocated', worker: 'W' },
      { kind: 'discharged' },
    ] as const
  ).map((fact, index) => ({
    ...fact,
    event: `e${index}`,
    occurredAt: time('2020-01-01T09:00:00Z'),
    recordedAt: index,
  })),
};
const CLOSE = time('2020-01-09T00:00:00Z');

/** Read models that a test writes by itself. */
class FakeDocuments implements TrialDocumentSource {
  position = 1n;
  readonly participants = new Map<string, { facts: ParticipantFacts; position: bigint }>([
    ['P1', { facts, position: 1n }],
  ]);
  reads = 0;
  failure: Error | undefined;
  /** What has been read is given when this is over. */
  held: Promise<void> | undefined;

  async read(_tenant: string, trial: string, since?: TrialReading['marks']): Promise<TrialReading> {
    this.reads++;
    await Promise.resolve();
    if (this.failure) throw this.failure;
    const after = since?.[0]?.position ?? 0n;
    const { position } = this;
    const changed = [...this.participants].filter(([, at]) => at.position > after);
    await this.held;
    return {
      marks: [{ position, lineage: '1' }],
      whole: since === undefined,
      position,
      trial: trial === 'T' && since === undefined ? roster : undefined,
      participants: new Map(changed.map(([id, at]) => [id, at.facts])),
      fidelity: new Map(),
    };
  }

  async waitFor(_tenant: string, position: bigint): Promise<boolean> {
    return this.position >= position;
  }

  add(participant: string): void {
    this.position++;
    this.participants.set(participant, { facts, position: this.position });
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const notice = (scopes: readonly string[] | 'all', position: bigint) => ({ tenant: 't', scopes, position });

function setUp(maxDocuments = 1_000) {
  const documents = new FakeDocuments();
  let now = time('2020-01-05T00:00:00Z');
  const states = new TrialStates(documents, maxDocuments, () => now);
  return { documents, states, passTime: (milliseconds: number) => (now += milliseconds) };
}

describe('a trial in memory', () => {
  it('is read once, and again when it was touched', async () => {
    const { documents, states } = setUp();
    await Promise.all([states.current('t', 'T'), states.current('t', 'T')]);
    await states.current('t', 'T');
    const reads = documents.reads;
    documents.add('P2');
    states.projected(notice(['T'], documents.position));
    const state = await states.current('t', 'T');
    expect(documents.reads).toBe(reads + 1);
    expect(state).toMatchObject({ position: 2n });
  });

  it('is as new as each of those wants it who wait for a position together', async () => {
    const { documents, states } = setUp();
    await states.current('t', 'T');
    // A read is under way that began too early for all of them.
    const early = Promise.withResolvers<void>();
    states.projected(notice(['T'], documents.position));
    documents.held = early.promise;
    const asked = [states.current('t', 'T')];
    await settled();
    documents.held = undefined;
    documents.add('P2');
    for (let n = 0; n < 3; n++) asked.push(states.current('t', 'T', documents.position));
    await settled();
    early.resolve();
    const [, ...later] = await Promise.all(asked);
    for (const state of later) expect(state).toMatchObject({ position: 2n });
  });

  it('goes on with the log without a read when another trial was touched', async () => {
    const { documents, states } = setUp();
    await states.current('t', 'T');
    const reads = documents.reads;
    states.projected(notice(['other'], 7n));
    expect(await states.current('t', 'T')).toMatchObject({ position: 7n });
    expect(documents.reads).toBe(reads);
    states.projected({ ...notice(['T'], 9n), tenant: 'another' });
    expect(await states.current('t', 'T')).toMatchObject({ position: 7n });
  });

  it('is looked at again after a while though nothing was heard', async () => {
    const { documents, states, passTime } = setUp();
    await states.current('t', 'T');
    documents.add('P2');
    expect(await states.current('t', 'T')).toMatchObject({ position: 1n });
    passTime(1_500);
    expect(await states.current('t', 'T')).toMatchObject({ position: 2n });
  });

  it('a commit during a read is not missed', async () => {
    const { documents, states } = setUp();
    const reading = states.current('t', 'T');
    documents.add('P2');
    states.projected(notice(['T'], documents.position));
    await reading;
    expect(await states.current('t', 'T')).toMatchObject({ position: 2n });
  });

  it('waits for a position, or says that it is behind', async () => {
    const { documents, states } = setUp();
    await states.current('t', 'T');
    documents.add('P2');
    expect(await states.current('t', 'T', 2n)).toMatchObject({ position: 2n });
    expect(await states.current('t', 'T', 3n)).toBe('behind');
  });

  it('a failed read fails its question only', async () => {
    const { documents, states } = setUp();
    documents.failure = new Error('away');
    await expect(states.current('t', 'T')).rejects.toThrow('away');
    documents.failure = undefined;
    expect(await states.current('t', 'T')).toMatchObject({ position: 1n });
  });

  it('unknown trials take no room, and known ones no more than there is', async () => {
    const { documents, states } = setUp(1);
    for (let n = 0; n < 100; n++) expect(await states.current('t', `unknown ${n}`)).toBeUndefined();
    await states.current('t', 'T');
    await states.current('t', 'another');
    const reads = documents.reads;
    await states.current('t', 'T');
    expect(documents.reads).toBe(reads + 1);
  });
});

describe('changes of a table', () => {
  const who = (...roles: readonly Partial<Assignment>[]) =>
    Viewer.of({
      tenant: 't',
      person: 'anna',
      name: 'Anna',
      assignments: roles.map((role) => ({ assignment: 'a', person: 'anna', role: 'trial_manager', ...role })),
      scopes: new Set(),
      validUntil: undefined,
    });
  const watched = (viewer = who({})) => ({ trial: 'T', definition: 'table', viewer: async () => viewer });
  const open = (setting: ReturnType<typeof setUp>, clock: () => number = () => time('2020-01-05T00:00:00Z')) =>
    new EngagementChanges(setting.states, watched(), clock);

  it('come at once, then with every commit that touches the trial, newest only', async () => {
    const setting = setUp();
    const changes = open(setting);
    expect((await changes.next()).value).toMatchObject({ position: 1n, overall: { notYet: 1 } });
    for (const participant of ['P2', 'P3', 'P4']) {
      setting.documents.add(participant);
      setting.states.projected(notice(['T'], setting.documents.position));
    }
    expect((await changes.next()).value).toMatchObject({ overall: { notYet: 4 } });
    await changes.return();
  });

  it('come when a window closes by time', async () => {
    const began = performance.now();
    const changes = open(setUp(), () => CLOSE - 50 + Math.ceil(performance.now() - began));
    expect((await changes.next()).value).toMatchObject({ overall: { notYet: 1, notEngaged: 0 } });
    expect((await changes.next()).value).toMatchObject({ overall: { notYet: 0, notEngaged: 1 } });
    await changes.return();
  });

  it('end at once when nobody listens any more, also in the middle of a wait', async () => {
    const setting = setUp();
    const changes = open(setting);
    await changes.next();
    expect(setting.states.watched).toBe(1);
    const waiting = changes.next();
    await changes.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(setting.states.watched).toBe(0);
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });

  it('of an unknown trial or definition are an error that leaves nothing behind', async () => {
    const { states } = setUp();
    for (const [trial, definition] of [
      ['unknown', 'table'],
      ['T', 'unknown'],
    ] as const) {
      const changes = new EngagementChanges(states, { ...watched(), trial, definition });
      await expect(changes.next()).rejects.toThrow('no such');
    }
    expect(states.watched).toBe(0);
  });

  it('of a trial that is not the viewer’s are those of an unknown one', async () => {
    const { states, documents } = setUp();
    const elsewhere = new EngagementChanges(states, watched(who({ trial: 'U' })));
    await expect(elsewhere.next()).rejects.toThrow('there is no such trial');
    expect(documents.reads).toBe(0);
  });

  it('are sealed for whoever must not infer arms, before anything is read', async () => {
    const { states, documents } = setUp();
    const blinded = new EngagementChanges(states, watched(who({ role: 'blinded_outcome_assessor' })));
    await expect(blinded.next()).rejects.toMatchObject({ extensions: { code: 'SEALED', reason: 'BLINDED' } });
    expect(documents.reads).toBe(0);
  });

  it('are made for the roles that are held when they are sent', async () => {
    const { states, documents } = setUp();
    let viewer = who({});
    const changes = new EngagementChanges(states, { ...watched(), viewer: async () => viewer });
    const commit = (participant: string) => {
      documents.add(participant);
      states.projected(notice(['T'], documents.position));
    };
    const { sites } = (await changes.next()).value as EngagementAnswer;
    expect(sites.length).toBeGreaterThan(0);
    viewer = who({ role: 'site_viewer', site: 'nowhere' });
    commit('P2');
    expect((await changes.next()).value).toMatchObject({ sites: [], overall: { randomised: 0 } });
    viewer = who();
    commit('P3');
    await expect(changes.next()).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    expect(states.watched).toBe(0);
  });
});
