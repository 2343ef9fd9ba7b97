import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Role, roles } from '@cairn/access';
import { eventId } from '@cairn/event-sourcing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema } from 'graphql';
import { WebSocket } from 'ws';
import { repository } from '../support/launched-cairn.js';
import type { GivenRole } from '../support/people.js';
import { protocol, type RunningApi, runApi, type SignedIn } from '../support/running-api.js';
import { raiseSignal, signalAppend } from '../support/signals.js';
import { type Case, casesOf, type Ids, type Kind, kinds } from './cases.js';

const schema = buildSchema(fs.readFileSync(path.join(repository, 'apps/api/schema.graphql'), 'utf8'));
const cases = casesOf(schema);
const OWN = 'OWN-T';
/** In everything that the other tenant has, ids, names and notes. */
const MARK = 'FOREIGN';
const at = '2020-02-01T09:00:00Z';

/** Fields that name something new: whatever has that name elsewhere, it is free here. */
const creates: ReadonlySet<string> = new Set([
  'registerTrial(input.trial)',
  'registerSite(input.site)',
  'registerWorker(input.worker)',
  'registerPerson(input.person)',
  'assignRole(input.assignment)',
  'requestUnblinding(input.request)',
  'requestErasure(input.request)',
  'referParticipant(input.participant)',
  'raiseQuery(input.query)',
  'signContent(input.signature)',
  'takeDataCut(input.cut)',
  'makeRecommendation(input.recommendation)',
  'openAlertSubscription(input.subscription)',
]);
/** Kinds of ids that are made up by whoever records: they are looked up in nothing. */
const madeUp: ReadonlySet<Kind> = new Set<Kind>(['command', 'cursor', 'contact', 'supervision', 'session', 'rater']);

const assignmentOf = (role: Role): GivenRole => {
  const { reach } = roles[role];
  switch (reach) {
    case 'whole tenant':
      return { role };
    case 'trial':
      return { role, trial: OWN };
    case 'site':
      return { role, trial: OWN, site: 'S1' };
    case 'worker':
      return { role, trial: OWN, worker: 'S1-W' };
    default:
      return reach satisfies never;
  }
};

/** A trial manager has neither, whichever it is. */
const notForTheRole: ReadonlySet<string> = new Set(['assignRole(input.site)', 'assignRole(input.worker)']);
/** Whoever signs is asked who they are before anything is looked up. */
const provenFirst = /^(signContent|makeRecommendation|answerRecommendation)\b/;
const WHERE = /("(?:position|size|bytes)"):"?\d+"?/g;
const DIGEST = /\b[0-9a-f]{64}\b/g;
/** There is no notary here, so that nothing has been signed yet. */
const unsigned = /\binclusionProof\b/;
/** Commands that no bundle has. */
const ofAccess =
  /^mutation (registerPerson|assignRole|revokeRole|\w+Unblinding|\w+Erasure|eraseParticipant|setTenantLimits|rebuildReadModel|sendTestAlert|retryDeadLetters|discardDeadLetters)\b/;
/** Answered the same where there is nothing to send, to retry or to forget, as there is not here. */
const ofNothing = /^(sendTestAlert|retryDeadLetters|discardDeadLetters)\b/;

const byTheStore: ReadonlySet<Kind> = new Set<Kind>(['event', 'command', 'signal', 'alert']);

/** Made-up ids of one length; what only a store can make is a UUID. */
const idsOf = (word: string, nth: number): Ids =>
  Object.fromEntries(kinds.map((kind) => [kind, byTheStore.has(kind) ? randomUUID() : `${word}-${kind}${nth}`])) as Ids;

const own: Record<Kind, string> = {
  ...idsOf('OWN', 0),
  trial: OWN,
  site: 'S1',
  participant: 'P1',
  worker: 'S1-W',
  person: 'someone',
  actor: 'tester',
};

/** A trial with one of everything, all of it under the given ids and with the word in every text. @returns an event's id */
async function recordTrial(
  by: SignedIn,
  given: Ids,
  word: string,
  {
    assessor,
    proof,
    committee,
    committeeProof,
  }: Readonly<Record<'assessor' | 'committee', SignedIn>> & Readonly<Record<'proof' | 'committeeProof', string>>,
): Promise<string> {
  const { trial, site, participant, worker } = given;
  const about = { trial, participant, occurredAt: at };
  await by.give('registerTrial', { trial, title: `${word} title`, timeZone: 'Europe/London', protocol });
  await by.give('registerSite', {
    trial,
    site,
    name: `${word} name`,
    employerKind: 'NHS',
    employerName: `${word} employer`,
    hostOrganisation: `${word} host`,
    locality: ['URBAN'],
  });
  await by.give('registerWorker', { trial, worker, site, role: 'PEER_WORKER' });
  await by.give('referParticipant', { ...about, site });
  await by.give('recordRandomisation', { ...about, arm: 'support' });
  await by.give('allocateWorker', { ...about, worker });
  await by.give('recordWardContact', {
    ...about,
    commandId: given.command,
    worker,
    contact: given.contact,
    mode: 'FACE_TO_FACE',
    outcome: 'ATTENDED',
    note: `${word} note`,
  });
  await by.give('recordSupervision', {
    trial,
    site,
    supervision: given.supervision,
    kind: 'GROUP',
    attendees: [worker],
    occurredAt: at,
  });
  await by.give('recordTeamPreparation', { trial, site, session: given.session, ward: word, occurredAt: at });
  await by.give('recordFidelityAssessment', {
    trial,
    site,
    instrument: 'index',
    rater: given.rater,
    total: 9,
    occurredAt: at,
  });
  await by.give('registerPerson', { person: given.person, name: `${word} person` });
  await by.give('assignRole', { assignment: given.assignment, person: given.person, role: 'auditor', trial });
  await assessor.give('requestUnblinding', { request: given.request, trial, participant, reason: `${word} reason` });
  await by.give('requestErasure', { request: given.request, trial, participant, reason: `${word} reason` });
  const { data } = await by.graphql(
    `{ trial(id: "${trial}") { history(filter: { types: ["WardContactRecorded"] }) { edges { node { id } } } } }`,
  );
  const { history } = (data as { trial: { history: { edges: readonly { node: { id: string } }[] } } }).trial;
  const event = history.edges[0]!.node.id;
  await by.give('raiseQuery', { trial, query: given.query, event, text: `${word} text` });
  const reauthentication = { token: proof };
  await by.give('signContent', { trial, signature: given.signature, event, meaning: 'REVIEW', reauthentication });
  await by.give('takeDataCut', { trial, cut: given.cut, occurredBefore: '2020-03-01T00:00:00Z', note: `${word} note` });
  await by.give('openAlertSubscription', {
    ...{ trial, subscription: given.subscription, name: `${word} name`, audience: 'OPEN' },
    sink: { kind: 'WEBHOOK', url: 'https://hooks.example/' },
  });
  const ofCut = { signature: `${given.signature}-of-cut`, cut: given.cut };
  await by.give('signContent', { trial, ...ofCut, meaning: 'REVIEW', reauthentication });
  await committee.give('makeRecommendation', {
    ...{ trial, recommendation: given.recommendation, cut: given.cut, advice: 'CONTINUE' },
    ...{ text: `${word} text`, meaning: 'APPROVAL', reauthentication: { token: committeeProof } },
  });
  return event;
}

/**
 * Signals that everybody may see who sees any: two about a participant, one about the site.
 * @returns the ids of the first one and of its alert
 */
async function raiseSignals(
  { store }: RunningApi,
  tenant: string,
  { trial, site, participant }: Ids,
): Promise<Pick<Ids, 'signal' | 'alert'>> {
  const first = signalAppend('SignalRaised', { trial, site, participant, audience: 'open' });
  await store.append(tenant, first);
  await raiseSignal(store, tenant, { trial, site, participant, audience: 'open' });
  await raiseSignal(store, tenant, { trial, site, audience: 'open' });
  const { signal } = JSON.parse(first.events[0]!.payload) as { readonly signal: string };
  return { signal, alert: eventId(first.commandId, 0) };
}

describe('what belongs to another tenant', () => {
  let running: RunningApi;
  const viewers = new Map<Role, SignedIn>();
  /** Of another tenant, one of everything for each role: some are looked up, and names of others are taken for own ones. */
  const foreign: Record<'looked up' | 'taken', Ids[]> = { 'looked up': [], taken: [] };
  /** Of commands that the other tenant was given, one for each case. */
  let foreignCommands: readonly string[];
  /** Every answer that was given to somebody of the own tenant, without the id that they sent. */
  const told: { readonly by: string; readonly what: string; readonly answer: string }[] = [];

  beforeAll(async () => {
    running = await runApi();
    const theirs = await running.as('foreign-manager', {
      tenant: 'foreign',
      roles: [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }],
    });
    const theirAssessor = await running.as('foreign-statistician', {
      tenant: 'foreign',
      roles: [{ role: 'unblinded_statistician' }],
    });
    const ourStatistician = await running.as('statistician', { roles: [{ role: 'unblinded_statistician' }] });
    const member = { role: 'dmc_member', until: '2049-01-01T00:00:00Z' } as const;
    const theirCommittee = await running.as('foreign-committee', { tenant: 'foreign', roles: [member] });
    const ourCommittee = await running.as('committee', { roles: [member] });
    for (const by of [running, theirs]) {
      await by.give('registerTenant', { name: by === theirs ? `${MARK} tenant` : 'Own' });
      const operator = await running.as('operator', { tenant: by.tenant, scopes: ['cairn:operate'] });
      const many = 10_000_000;
      await operator.give('setTenantLimits', {
        commandsPerMinute: many,
        queryCostPerSecond: many,
        subscriptions: many,
      });
    }
    const proofOf = (by: SignedIn): Promise<string> =>
      running.tokenFor({ tenant: by.tenant, person: by.person, authenticatedAt: Date.now() });
    own.event = await recordTrial(running, own, 'Own', {
      assessor: ourStatistician,
      proof: await proofOf(running),
      committee: ourCommittee,
      committeeProof: await proofOf(ourCommittee),
    });
    Object.assign(own, await raiseSignals(running, 'test', own));
    const theirProof = await proofOf(theirs);
    const theirCommitteeProof = await proofOf(theirCommittee);
    await running.give('registerTrial', { trial: 'OTHER-T', title: 'Other', timeZone: 'Europe/London', protocol });
    for (const nth of Role.options.keys()) {
      const about = { trial: OWN, participant: `P1-${nth}`, occurredAt: at };
      await running.give('referParticipant', { ...about, site: 'S1' });
      await running.give('recordRandomisation', { ...about, arm: 'support' });
      await running.give('allocateWorker', { ...about, worker: 'S1-W' });
      const query = { trial: OWN, query: `about ${about.participant}`, participant: about.participant };
      await running.give('raiseQuery', { ...query, text: 'Is that so?' });
      for (const [family, word] of [
        ['looked up', MARK],
        ['taken', 'TAKEN00'],
      ] as const) {
        const ids = { ...idsOf(word, nth), actor: 'foreign-manager' };
        foreign[family].push({
          ...ids,
          ...(await raiseSignals(running, 'foreign', ids)),
          event: await recordTrial(theirs, ids, MARK, {
            ...{ assessor: theirAssessor, proof: theirProof },
            ...{ committee: theirCommittee, committeeProof: theirCommitteeProof },
          }),
        });
      }
    }
    foreignCommands = [
      ...new Set((await running.store.readLog('foreign', { limit: 1_000 })).map(({ commandId }) => commandId)),
    ];
    for (const role of Role.options)
      viewers.set(role, await running.as(`${role}@own`, { roles: [assignmentOf(role)] }));
  }, 120_000);

  afterAll(() => running.close());

  /** What a command is about: everything but the id that is asked for is there, and what it makes is not. */
  const ownIds = (each: Case, nth: number): Ids => ({
    ...own,
    command: randomUUID(),
    contact: randomUUID(),
    participant: nameOf(each).startsWith('referParticipant') ? randomUUID() : participantOf(each, nth),
    ...(nameOf(each).startsWith('registerWorker') && { worker: randomUUID() }),
    ...(nameOf(each).startsWith('assignRole') && { assignment: randomUUID() }),
    ...(nameOf(each).startsWith('raiseQuery') && { query: randomUUID() }),
    ...(nameOf(each).startsWith('openAlertSubscription') && { subscription: randomUUID() }),
  });

  /** An answer of the product as far as it could tell two ids apart. */
  const ask = async (by: SignedIn, each: Case, ids: Ids, nth: number): Promise<string> => {
    const cursor = Buffer.from(`c1:${ids[each.listed ?? 'event']}`).toString('base64url');
    const asked: Ids = { ...ids, cursor };
    const document = each.document(ownIds(each, nth), asked);
    const answer =
      each.operation === 'subscription' ? await subscribe(by, document) : await post(by, '/graphql', document);
    return kept(by, each.name, answer, asked[each.kind]);
  };

  const kept = (by: SignedIn, what: string, answer: string, sent: string): string => {
    // A cut says where the log was when it was taken, and has a digest of that.
    const cut = /\btakeDataCut\b/.test(what);
    const lasting = cut ? answer.replaceAll(WHERE, '$1').replaceAll(DIGEST, '<digest>') : answer;
    const without = lasting.replaceAll(sent, '<id>').replaceAll(UUID, '<uuid>');
    told.push({ by: by.person, what, answer: without });
    return without;
  };

  /** The same command in a dry run of an import, which leaves no trace. */
  const importing = async (by: SignedIn, each: Case, ids: Ids, nth: number): Promise<string> => {
    const input = each.command!.input(ownIds(each, nth), ids);
    const commandId = each.kind === 'command' ? ids.command : randomUUID();
    const record = { line: 1, commandId, commands: [{ name: each.command!.name, input }] };
    const answer = await post(by, '/import?dryRun=true', record);
    return kept(by, `import ${each.name}`, answer.replace(/"position":"\d+"/g, ''), ids[each.kind]);
  };

  it('would be found if it were looked for among what there is', async () => {
    // To whoever may do everything, what is there and what is not are answered otherwise: so the comparison can fail.
    const blunt: string[] = [];
    for (const each of cases) {
      if (madeUp.has(each.kind) || creates.has(nameOf(each)) || notForTheRole.has(nameOf(each))) continue;
      if (provenFirst.test(nameOf(each)) || unsigned.test(each.name) || ofNothing.test(nameOf(each))) continue;
      const look = each.command && !ofAccess.test(each.name) ? importing : ask;
      const there = await look(running, each, { ...own, participant: participantOf(each, 0) }, 0);
      if (there === (await look(running, each, idsOf('ABSENT0', 0), 0))) blunt.push(each.name);
    }
    expect(blunt).toEqual([]);
  });

  describe.each(Role.options.map((role, nth) => [role, nth] as const))('%s', (role, nth) => {
    it.each(cases.map((each, index) => [each.name, each, index] as const))(
      '%s is answered as if it were nowhere',
      async (_, each, index) => {
        const by = viewers.get(role)!;
        const isMade = creates.has(nameOf(each)) || (madeUp.has(each.kind) && each.kind !== 'cursor');
        const theirs = { ...foreign[isMade ? 'taken' : 'looked up'][nth]!, command: foreignCommands[index]! };
        const [before, absent] = (isMade ? ['VACANT0', 'UNUSED0'] : ['NOWHERE', 'ABSENT0']).map((word) =>
          idsOf(word, nth),
        );
        // What the first one changes is changed for both that are compared.
        await ask(by, each, before!, nth);
        const answer = await ask(by, each, absent!, nth);
        expect(await ask(by, each, theirs, nth)).toBe(answer);
        if (each.command) {
          expect(await importing(by, each, theirs, nth)).toBe(await importing(by, each, absent!, nth));
        }
        if (each.kind === 'trial' && roles[role].reach !== 'whole tenant' && !isMade) {
          expect(await ask(by, each, { ...absent!, trial: 'OTHER-T' }, nth)).toBe(answer);
        }
      },
    );
  });

  describe('streams of server-sent events', () => {
    const paths: readonly (readonly [name: string, path: (ids: Ids) => string, kind: Kind])[] = [
      ['trial', ({ trial, alert }) => `/alerts/${trial}?after=${alert}`, 'trial'],
      ['site', ({ site }) => `/alerts/${OWN}?after=${own.alert}&site=${site}`, 'site'],
      ['after', ({ alert }) => `/alerts/${OWN}?after=${alert}`, 'alert'],
    ];

    it.each(paths)('of what is there are told from those of what is not: %s', async (_, path) => {
      expect(await streamed(running, path(own))).toContain('event: org.cairn.signal.raised.v1');
      expect(await streamed(running, path(idsOf('ABSENT0', 0)))).toMatch(/^4/);
    });

    it.each(Role.options.flatMap((role, nth) => paths.map((each) => [role, ...each, nth] as const)))(
      '%s: %s is answered as if it were nowhere',
      async (role, name, path, kind, nth) => {
        const by = viewers.get(role)!;
        const [theirs, absent] = [foreign['looked up'][nth]!, idsOf('ABSENT0', nth)].map(async (ids) =>
          kept(by, `alerts of ${name}`, await streamed(by, path(ids)), ids[kind]),
        );
        expect(await theirs).toBe(await absent);
      },
    );
  });

  it('is in no answer to anybody', async () => {
    const everything = `{ viewer { id tenant { id name } roles } trials { edges { node { id title
      sites { edges { node { id name hostOrganisation } } } } } } }`;
    for (const by of viewers.values()) kept(by, 'everything', await post(by, '/graphql', everything), '-');
    expect(told.length).toBeGreaterThan(cases.length * Role.options.length);
    expect(told.filter(({ answer }) => answer.includes(MARK))).toEqual([]);
  });

  it('takes no longer to be refused than what is nowhere, within noise', async () => {
    const by = viewers.get('trial_manager')!;
    const absent = idsOf('ABSENT0', 0).trial;
    const looked = { foreign: foreign['looked up'][0]!.trial, absent, again: absent };
    const times: Record<keyof typeof looked, number[]> = { foreign: [], absent: [], again: [] };
    const names = Object.keys(looked) as (keyof typeof looked)[];
    for (let round = 0; round < 210; round++) {
      // Each comes first, second and third equally often.
      for (let turn = 0; turn < 3; turn++) {
        const name = names[(round + turn) % 3]!;
        const began = performance.now();
        await post(by, '/graphql', `{ trial(id: "${looked[name]}") { id } }`);
        if (round >= 10) times[name].push(performance.now() - began);
      }
    }
    const spread = quantile(times.absent, 0.75) - quantile(times.absent, 0.25);
    const noise = Math.abs(quantile(times.absent, 0.5) - quantile(times.again, 0.5));
    const difference = Math.abs(quantile(times.foreign, 0.5) - quantile(times.absent, 0.5));
    expect(difference).toBeLessThan(Math.max(spread, 3 * noise, 0.5));
  }, 60_000);
});

/** Of each role its own, so that what one does with them is not in the way of the next. */
const participantOf = (each: Case, nth: number): string =>
  /^((approve|deny)Unblinding|denyErasure|eraseParticipant)/.test(nameOf(each)) ? own.participant : `P1-${nth}`;

const nameOf = ({ name }: Case): string => name.slice(name.indexOf(' ') + 1);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Status, body and all headers but those that follow from these or from the time. */
async function post(by: SignedIn, to: string, body: string | object): Promise<string> {
  const text = typeof body === 'string' ? JSON.stringify({ query: body }) : JSON.stringify(body);
  const response = await by.fetch(to, {
    method: 'POST',
    headers: { 'content-type': to === '/graphql' ? 'application/json' : 'application/x-ndjson' },
    body: text,
  });
  const headers = [...response.headers].filter(([name]) => !['date', 'etag'].includes(name));
  return [response.status, ...headers.map((header) => header.join(': ')), await response.text()].join('\n');
}

/** As `post`; of a stream that has begun, what comes before its first event has come whole. */
async function streamed(by: SignedIn, path: string): Promise<string> {
  const gone = new AbortController();
  const response = await by.fetch(path, { signal: gone.signal });
  const head = [response.status, ...[...response.headers].filter(([name]) => name !== 'date').map(String)].join('\n');
  if (response.status !== 200) return `${head}\n${await response.text()}`;
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/^data: .*\n\n/m.test(text)) break;
  }
  gone.abort();
  return `${head}\n${text}`;
}

/** What comes over a socket until the subscription ends or brings something. */
async function subscribe(by: SignedIn, query: string): Promise<string> {
  const socket = new WebSocket(`${by.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const frames: string[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => {
      frames.push(String(code));
      resolve();
    });
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${by.token}` } })),
    );
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'connection_ack') socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      else if (type !== 'ping') {
        frames.push(data.toString());
        socket.close(1000);
      }
    });
  });
  return frames.join('\n');
}

function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(at * (sorted.length - 1))]!;
}
