import { specFor } from '@cairn/event-sourcing/spec';
import { subscriptionDecider, type SubscriptionWorld } from './decide-subscription.js';
import type { AlertSubscriptionEvent, AlertSubscriptionTerms } from './events.js';
import { AlertSubscriptionCommand } from './subscription-commands.js';
import { evolveSubscription, noSubscription, signingGenerations } from './subscription.js';

const now = Date.parse('2026-06-01T12:00:00Z');
const world: SubscriptionWorld = {
  now,
  roster: { hasSite: (site) => site === 'S1' },
  hasRule: (rule) => rule === 'supervision_gap',
  seesDelivery: true,
  mayBeSentTo: (url) => url.startsWith('https://hooks.example/'),
  mayPublishTo: (topic) => topic === 'alerts',
  isTimeZone: (name) => name === 'Europe/London',
  replayAfter: 7n,
};
const { given } = specFor(subscriptionDecider, world);

const id = { trial: 't', subscription: 's' };
const terms: AlertSubscriptionTerms = {
  ...id,
  name: 'Site 1 on call',
  sink: { kind: 'webhook', url: 'https://hooks.example/cairn' },
  audience: 'delivery',
  filter: { sites: ['S1'], rules: ['supervision_gap'], severity: 'warning' },
};
const toTopic = { ...terms, sink: { kind: 'kafka', topic: 'alerts' } } as const;
const open = (changed: Partial<AlertSubscriptionTerms> = {}) =>
  ({ type: 'openAlertSubscription', ...terms, ...changed }) as const;
const change = (changed: Partial<AlertSubscriptionTerms>) =>
  ({ type: 'changeAlertSubscription', ...terms, ...changed }) as const;
const [pause, resume, close, rotate] = (
  ['pauseAlertSubscription', 'resumeAlertSubscription', 'closeAlertSubscription', 'rotateAlertSecret'] as const
).map((type) => ({ type, ...id })) as [
  AlertSubscriptionCommand,
  AlertSubscriptionCommand,
  AlertSubscriptionCommand,
  AlertSubscriptionCommand,
];
const replay = { type: 'requestAlertReplay', ...id, after: '2026-05-01T00:00:00Z' } as const;
const disable = { type: 'disableAlertSubscription', ...id } as const;

const event = <Type extends AlertSubscriptionEvent['type']>(type: Type, data: object = id, occurredAt = now) =>
  ({ type, occurredAt, data }) as Extract<AlertSubscriptionEvent, { type: Type }>;
const opened = event('AlertSubscriptionOpened', terms);
const paused = event('AlertSubscriptionPaused');
const resumed = event('AlertSubscriptionResumed');
const closed = event('AlertSubscriptionClosed');
const disabled = event('AlertSubscriptionDisabled', { ...id, why: 'gone' });

describe('a subscription', () => {
  it('is opened', () => given().when(open()).then(opened));
  it('opened again is open', () => given(opened).when(open()).then());
  it('under the id of another is refused', () =>
    given(opened)
      .when(open({ name: 'Another' }))
      .thenRefused('SUBSCRIPTION_EXISTS', 'subscription'));
  it('is changed, to all that is said', () => {
    const other = { ...terms, name: 'Another', filter: {} };
    given(opened)
      .when(change({ name: 'Another', filter: {} }))
      .then(event('AlertSubscriptionChanged', other));
    given(opened).when(change({})).then();
    given(opened, paused)
      .when(change({ name: 'Another', filter: {} }))
      .then(event('AlertSubscriptionChanged', other));
  });
  it('is paused and goes on', () => {
    given(opened).when(pause).then(paused);
    given(opened, paused).when(pause).then();
    given(opened, paused).when(resume).then(resumed);
    given(opened).when(resume).then();
  });
  it('is disabled by its recipient, and can be resumed', () => {
    given(opened).when(disable).then(disabled);
    given(opened, paused).when(disable).then(disabled);
    given(opened, disabled).when(disable).then();
    given(opened, disabled).when(pause).then();
    given(opened, disabled).when(resume).then(resumed);
  });
  it('is closed for good', () => {
    given(opened).when(close).then(closed);
    given(opened, disabled).when(close).then(closed);
    given(opened, closed).when(close).then();
    for (const command of [open(), change({}), pause, resume, replay, rotate, disable])
      given(opened, closed).when(command).thenRefused('SUBSCRIPTION_CLOSED', 'subscription');
  });
  it('that was never opened is unknown', () => {
    for (const command of [change({}), pause, resume, close, replay, rotate, disable])
      given().when(command).thenRefused('SUBSCRIPTION_UNKNOWN', 'subscription');
  });
  it('is sent again what was recorded after a place', () => {
    given(opened)
      .when(replay)
      .then(event('AlertReplayRequested', { ...id, after: '7' }));
    given(opened)
      .when(replay, { ...world, replayAfter: undefined })
      .thenRefused('ALERT_UNKNOWN', 'after');
  });
});

describe('what a subscription says', () => {
  it.each([
    ['AUDIENCE_BEYOND_SIGHT', 'audience', {}, { seesDelivery: false }],
    ['SITE_UNKNOWN', 'filter', { filter: { sites: ['S1', 'S2'] } }, {}],
    ['RULE_UNKNOWN', 'filter', { filter: { rules: ['no_such_rule'] } }, {}],
    ['URL_REFUSED', 'sink', { sink: { kind: 'webhook', url: 'https://10.0.0.1/' } }, {}],
    ['TOPIC_REFUSED', 'sink', { sink: { kind: 'kafka', topic: 'others' } }, {}],
    ['NOT_FOR_TOPICS', 'digest', { ...toTopic, digest: { at: '08:00' } }, {}],
    ['NOT_FOR_TOPICS', 'quietHours', { ...toTopic, quietHours: { from: '22:00', to: '07:00' } }, {}],
    ['TIME_ZONE_UNKNOWN', 'digest', { digest: { at: '08:00', timeZone: 'Mars' } }, {}],
    ['TIME_ZONE_UNKNOWN', 'quietHours', { quietHours: { from: '22:00', to: '07:00', timeZone: 'Mars' } }, {}],
    ['QUIET_HOURS_EMPTY', 'quietHours', { quietHours: { from: '22:00', to: '22:00' } }, {}],
  ] as const)('%s', (code, field, changed, otherwise) => {
    given()
      .when(open(changed as Partial<AlertSubscriptionTerms>), { ...world, ...otherwise })
      .thenRefused(code, field);
    if ('sink' in changed && changed.sink.kind === 'kafka') return;
    given(opened)
      .when(change({ name: 'Another', ...(changed as Partial<AlertSubscriptionTerms>) }), { ...world, ...otherwise })
      .thenRefused(code, field);
  });

  it('is taken where nothing of the delivery is asked for by somebody who does not see it', () => {
    const openOnly = { ...terms, audience: 'open' } as const;
    given()
      .when(open(openOnly), { ...world, seesDelivery: false })
      .then(event('AlertSubscriptionOpened', openOnly));
  });

  it('stays the same kind of recipient', () =>
    given(opened)
      .when(change({ sink: toTopic.sink }))
      .thenRefused('SINK_KIND_FIXED', 'sink'));

  it('is read with nulls for what is not said', () => {
    const given = { ...open(), filter: { sites: null, severity: 'warning' }, digest: null, quietHours: null };
    const { digest: _, quietHours: __, ...rest } = given;
    expect(AlertSubscriptionCommand.safeParse(rest).data).toEqual({ ...open(), filter: { severity: 'warning' } });
  });
});

describe('a secret', () => {
  it('is rotated', () => {
    const second = event('AlertSecretRotated', { ...id, generation: 2 });
    given(opened).when(rotate).then(second);
    given(opened, second)
      .when(rotate)
      .then(event('AlertSecretRotated', { ...id, generation: 3 }));
  });
  it('is not for topics', () =>
    given(event('AlertSubscriptionOpened', toTopic)).when(rotate).thenRefused('NOT_FOR_TOPICS', 'subscription'));
  it('that was rotated signs for a day more', () => {
    const DAY = 24 * 3_600_000;
    const before = evolveSubscription(noSubscription, opened);
    const after = evolveSubscription(before, event('AlertSecretRotated', { ...id, generation: 2 }));
    if (before.kind === 'none' || after.kind === 'none') throw new Error('it was opened');
    expect(signingGenerations(before.secrets, now + DAY)).toEqual([1]);
    expect(signingGenerations(after.secrets, now)).toEqual([2, 1]);
    expect(signingGenerations(after.secrets, now + DAY - 1)).toEqual([2, 1]);
    expect(signingGenerations(after.secrets, now + DAY)).toEqual([2]);
  });
});
