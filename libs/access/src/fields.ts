import { attempt } from './permission.js';
import type { Area, GuardedCommand } from './policy.js';
import type { Scope, SealReason, Viewer } from './viewer.js';

/** What a field of the API asks of whoever asks for it. */
export type FieldRule = {
  /** What a token must be good for, where tokens are limited: at the roots of the API. */
  readonly scope?: Scope;
} & (
  | { /** Anybody who is signed in. What it answers is made for them. */ readonly kind: 'open' }
  /** Part of an answer that is guarded where it begins. */
  | { readonly kind: 'within' }
  | {
      readonly kind: 'area';
      readonly area: Area;
      readonly of: 'trial' | 'tenant';
      /** Whoever operates the installation sees it too; it tells of no trial. */
      readonly orOperator?: true;
    }
  | { readonly kind: 'command'; readonly command: GuardedCommand }
  /** Whoever operates the installation, by their token's scope. */
  | { readonly kind: 'operator' }
);

type TypeRules = Readonly<Record<string, FieldRule>>;

const query = { scope: 'cairn:read' } as const;
const record = { scope: 'cairn:record' } as const;
const operate = { scope: 'cairn:operate', kind: 'operator' } as const;

const trial = (area: Area): FieldRule => ({ kind: 'area', area, of: 'trial' });
const tenant = (area: Area): FieldRule => ({ ...query, kind: 'area', area, of: 'tenant' });
const each = (rule: FieldRule, ...fields: readonly string[]): TypeRules =>
  Object.fromEntries(fields.map((field) => [field, rule]));
const within = (...fields: readonly string[]): TypeRules => each({ kind: 'within' }, ...fields);
const commands = (...names: readonly GuardedCommand[]): TypeRules =>
  Object.fromEntries(names.map((command) => [command, { ...record, kind: 'command', command } as const]));
const connection = within('edges', 'pageInfo', 'totalCount');
const edge = within('cursor', 'node');

/**
 * Every field of the API, by its type. A field that is not here is nobody's: the api does not start with one, and a test
 * compares with the schema, so that whoever adds a field says whose it is.
 */
export const fieldRules: Readonly<Record<string, TypeRules>> = {
  Query: {
    // What a viewer may not see of these is absent from them.
    ...each({ ...query, kind: 'open' }, 'viewer', 'trial', 'trials'),
    readModels: { ...query, kind: 'area', area: 'readModels', of: 'tenant', orOperator: true },
    people: tenant('people'),
    conduct: tenant('conduct'),
    // What they are for is that everybody has them.
    verifierKeys: { ...query, kind: 'open' },
  },
  Mutation: {
    // Whoever comes first to a tenant without people registers it, so roles cannot be asked for here.
    registerTenant: { ...record, kind: 'open' },
    ...commands(
      'registerTrial',
      'publishProtocol',
      'registerSite',
      'registerWorker',
      'referParticipant',
      'recordRandomisation',
      'allocateWorker',
      'recordWardContact',
      'recordCommunityMeeting',
      'recordDischarge',
      'recordReadmission',
      'recordFollowUp',
      'withdrawParticipant',
      'recordSupervision',
      'recordTeamPreparation',
      'recordFidelityAssessment',
      'recordTraining',
      'voidRecord',
      'amendRecord',
      'takeDataCut',
      'raiseQuery',
      'answerQuery',
      'reopenQuery',
      'closeQuery',
      'signContent',
      'makeRecommendation',
      'answerRecommendation',
      'cosignCheckpoint',
      'acknowledgeSignal',
      'assignSignal',
      'snoozeSignal',
      'escalateSignal',
      'resolveSignal',
      'recordSignalOutcome',
      'publishSignalRule',
      'openAlertSubscription',
      'changeAlertSubscription',
      'pauseAlertSubscription',
      'resumeAlertSubscription',
      'closeAlertSubscription',
      'requestAlertReplay',
      'rotateAlertSecret',
      'requestErasure',
      'eraseParticipant',
      'denyErasure',
      'registerPerson',
      'assignRole',
      'revokeRole',
      'requestUnblinding',
      'approveUnblinding',
      'denyUnblinding',
    ),
    ...each(
      { ...record, kind: 'command', command: 'openAlertSubscription' },
      'sendTestAlert',
      'retryDeadLetters',
      'discardDeadLetters',
    ),
    setTenantLimits: operate,
    rebuildReadModel: operate,
  },
  Subscription: {
    engagementChanged: { ...trial('engagement'), scope: 'cairn:subscribe' },
    // Of alerts, only those that the viewer may see.
    alerts: { ...trial('openSignals'), scope: 'cairn:subscribe' },
  },

  Trial: {
    ...each(trial('register'), 'id', 'title', 'registration', 'timeZone', 'protocol', 'sites', 'engagementDefinitions'),
    // A position is told to everybody; to whom the log's own would tell too much, one of another scale.
    head: { kind: 'open' },
    engagement: trial('engagement'),
    fidelityAssociation: trial('fidelity'),
    participants: trial('participants'),
    history: trial('history'),
    benchmark: trial('benchmark'),
    ...each(trial('cuts'), 'dataCuts', 'dataCut', 'diff'),
    queries: trial('queries'),
    // Of signals and rules only what the viewer may see.
    ...each(trial('openSignals'), 'signals', 'signal', 'signalRules'),
    alertSubscriptions: trial('alertSubscriptions'),
    backTest: trial('signals'),
    signatures: trial('cuts'),
    recommendations: trial('recommendations'),
    unblindings: trial('unblindings'),
    erasures: trial('erasures'),
    ...each(trial('proofs'), 'checkpoint', 'inclusionProof', 'consistencyProof'),
  },
  Protocol: within('arms', 'document', 'monthsAfterDischarge', 'strata', 'version', 'weeksAfterDischarge'),
  Arm: within('id', 'intervention'),
  Site: within('employerKind', 'employerName', 'hostOrganisation', 'id', 'locality', 'name', 'openedOn', 'timeZone'),
  EngagementDefinition: within('description', 'id', 'source', 'title'),

  TrialEngagement: within('asOf', 'definition', 'overall', 'position', 'sites'),
  SiteEngagement: {
    ...within('counts', 'site'),
    ...each(trial('fidelity'), 'fidelity', 'fidelityAssessment'),
  },
  SiteFidelity: within('assessedOn', 'early', 'raters', 'value'),
  EngagementCounts: within(
    'bounds',
    'engaged',
    'notEngaged',
    'notYet',
    'ofOffered',
    'ofWithData',
    'offered',
    'randomised',
    'withData',
  ),
  Proportion: within('denominator', 'numerator', 'value'),
  Bounds: within('lower', 'upper'),
  FidelityAssociation: within('intercept', 'pearson', 'points', 'slope', 'spearman'),
  FidelityPoint: within('class', 'engagement', 'fidelity', 'site', 'studentisedResidual'),

  SiteBenchmark: within('asOf', 'definition', 'others', 'overall', 'own'),
  BenchmarkFigure: within('ofWithData', 'suppressed'),

  Participant: {
    ...each(trial('participants'), 'id', 'site', 'dischargedAt', 'windowClosesAt'),
    ...each(trial('engagementStatus'), 'status', 'engagedAt'),
    arm: trial('allocation'),
  },
  DataCut: {
    ...within(
      'code',
      'currency',
      'hash',
      'id',
      'lateArrivals',
      'note',
      'occurredBefore',
      'position',
      'protocol',
      'recomputed',
      'size',
      // Of them only those of the audiences that the viewer belongs to.
      'tables',
      'takenAt',
      'takenBy',
    ),
    openReport: trial('cuts'),
    closedReport: trial('byArm'),
  },
  Report: within('csv', 'html', 'json'),
  ClosedReport: within('armKey', 'closedUntil', 'csv', 'html', 'json'),
  ReportCsv: within('table', 'text'),
  MaskedArm: within('arm', 'letter'),
  CutTable: within('audience', 'bytes', 'columns', 'rows', 'sha256', 'table', 'text'),
  CutCurrency: within(
    'delayMedian',
    'delayP90',
    'expected',
    'kind',
    'proportion',
    'reason',
    'recorded',
    'records',
    'site',
  ),
  // Of them only those in tables of the audiences that the viewer belongs to.
  CutDiff: within('changes', 'from', 'to'),
  CutChange: within('audience', 'causes', 'column', 'from', 'key', 'table', 'to'),
  CutCause: within('at', 'by', 'event', 'kind', 'participant', 'site', 'worker'),
  CutColumn: within('definition', 'name', 'unit'),
  CutRecomputation: within('differing', 'same'),
  Recommendation: within('advice', 'answer', 'cut', 'id', 'madeAt', 'signature', 'text'),
  RecommendationAnswer: within('answeredAt', 'response', 'signature', 'text'),
  SignatureManifest: within('authenticatedAt', 'contentHash', 'meaning', 'name', 'signer'),
  // Reached through a history, the tenant's conduct, or the command that led to it.
  RecordedEvent: within(
    'actor',
    'commandId',
    'data',
    'id',
    'occurredAt',
    'position',
    'reason',
    'recordedAt',
    'revision',
    'schemaVersion',
    'stream',
    'type',
  ),
  Checkpoint: within('cosignatures', 'halted', 'keys', 'note', 'origin', 'root', 'signedAt', 'size'),
  // The leaf is shown to whoever may know the arms.
  InclusionProof: within('checkpoint', 'index', 'leaf', 'leafHash', 'proof'),
  ConsistencyProof: within('from', 'fromRoot', 'proof', 'to', 'toRoot'),
  Actor: within('id', 'name'),
  CommandAccepted: within('events', 'position', 'webhookSecret'),
  CommandRefused: within('code', 'field', 'message'),
  Erasure: within(
    'decidedAt',
    'decidedBy',
    'decision',
    'participant',
    'reason',
    'request',
    'requestedAt',
    'requester',
    'state',
  ),
  Unblinding: within('participant', 'reason', 'request', 'requester', 'state', 'until'),

  DataQuery: within('ageDays', 'closedAt', 'entries', 'event', 'id', 'participant', 'raisedAt', 'site', 'state'),
  DataQueryEntry: within('at', 'by', 'event', 'kind', 'text'),
  DataQueryConnection: connection,
  DataQueryEdge: edge,
  Signature: within(
    'authenticatedAt',
    'contentHash',
    'cut',
    'event',
    'id',
    'meaning',
    'name',
    'signedAt',
    'signer',
    'state',
    'voidedBy',
  ),
  SignatureConnection: connection,
  SignatureEdge: edge,

  Signal: within(
    'assignee',
    'entries',
    'id',
    'outcome',
    'raisedAt',
    'rule',
    'ruleVersion',
    'severity',
    'since',
    'site',
    'snoozedUntil',
    'state',
    'streakWeeks',
    'subject',
    'title',
    'until',
    'why',
  ),
  // Of the events only those in the viewer's history.
  SignalWhy: within('condition', 'contributingEvents', 'numbers'),
  SignalEntry: within(
    'assignee',
    'at',
    'by',
    'clearance',
    'event',
    'kind',
    'note',
    'outcome',
    'recordedAt',
    'severity',
    'snoozedUntil',
  ),
  AlertSubscription: within(
    'audience',
    'deadLetters',
    'deliveries',
    'digest',
    'filter',
    'id',
    'lag',
    'name',
    'openedAt',
    'quietHours',
    'secretRotatedAt',
    'sink',
    'state',
    'stoppedAt',
  ),
  AlertSink: within('kind', 'topic', 'url'),
  AlertFilter: within('kinds', 'rules', 'severity', 'sites'),
  AlertDigest: within('at', 'timeZone'),
  QuietHours: within('except', 'from', 'timeZone', 'to'),
  AlertLag: within('behind', 'collected', 'deliveredAt', 'failingSince', 'failure', 'stalled', 'waiting'),
  AlertDelivery: within('attempts', 'finishedAt', 'kind', 'message', 'nextAttemptAt', 'site', 'state'),
  AlertAttempt: within('at', 'result', 'status', 'why'),
  AlertSubscriptionConnection: connection,
  AlertSubscriptionEdge: edge,
  AlertDeliveryConnection: connection,
  AlertDeliveryEdge: edge,
  SignalConnection: connection,
  SignalEdge: edge,
  RuleInForce: within(
    'condition',
    'definition',
    'enabled',
    'precision',
    'publishedAt',
    'rule',
    'severity',
    'source',
    'title',
    'version',
  ),
  RulePrecision: within('dataProblems', 'falseAlarms', 'lower', 'trueProblems', 'upper', 'value'),
  BackTest: within('added', 'both', 'from', 'inForce', 'removed', 'signals', 'sites', 'to'),
  BackTestSite: within('draft', 'inForce', 'site'),
  BackTestCounts: within('months', 'openAtEnd', 'raised'),
  BackTestMonth: within('month', 'raised'),
  BackTestSignal: within('from', 'numbers', 'site', 'subject', 'until'),
  Alert: within('data', 'datacontenttype', 'id', 'partitionkey', 'source', 'specversion', 'subject', 'time', 'type'),
  AlertData: within('kind', 'link', 'retrospective', 'rule', 'severity', 'signal', 'site', 'subject', 'trial'),
  SignalSubject: within('id', 'kind'),

  Viewer: within('assignments', 'id', 'name', 'roles', 'tenant'),
  Tenant: within('id', 'limits', 'name'),
  TenantLimits: within('commandsPerMinute', 'queryCostPerSecond', 'subscriptions'),
  Person: within('assignments', 'id', 'name'),
  RoleAssignment: within('id', 'role', 'site', 'trial', 'until', 'worker'),
  ReadModel: within('complete', 'head', 'name', 'position', 'reason', 'rebuildProgress', 'state', 'version'),

  TrialConnection: connection,
  TrialEdge: edge,
  SiteConnection: connection,
  SiteEdge: edge,
  ParticipantConnection: connection,
  ParticipantEdge: edge,
  PersonConnection: connection,
  PersonEdge: edge,
  RecommendationConnection: connection,
  RecommendationEdge: edge,
  RecordedEventConnection: connection,
  DataCutConnection: connection,
  CutChangeConnection: connection,
  CutChangeEdge: edge,
  CutCauseConnection: connection,
  CutCauseEdge: edge,
  DataCutEdge: edge,
  RecordedEventEdge: edge,
  PageInfo: within('endCursor', 'hasNextPage', 'hasPreviousPage', 'startCursor'),
};

/** @returns undefined for a field that nobody may see, because nobody said whose it is */
export const ruleOf = (type: string, field: string): FieldRule | undefined =>
  Object.hasOwn(fieldRules, type) && Object.hasOwn(fieldRules[type]!, field) ? fieldRules[type]![field] : undefined;

export type FieldDecision = { readonly kind: 'shown' } | { readonly kind: 'sealed'; readonly reason: SealReason };

const shown: FieldDecision = { kind: 'shown' };
const notInRole: FieldDecision = { kind: 'sealed', reason: 'NOT_IN_ROLE' };
const shownIf = (may: boolean): FieldDecision => (may ? shown : notInRole);

/**
 * Whether a viewer is shown a field at all; how much of it, `Viewer.reach` says. That somebody's arm was opened to the
 * viewer by an approved unblinding is not known here.
 * @param inTrial the trial that the field belongs to, or that a command names
 */
export function decideField(viewer: Viewer, rule: FieldRule, inTrial?: string): FieldDecision {
  if (rule.kind === 'area' && rule.orOperator && viewer.mayUse('cairn:operate')) return shown;
  if (rule.scope && !viewer.mayUse(rule.scope)) return notInRole;
  switch (rule.kind) {
    case 'open':
    case 'within':
    case 'operator':
      return shown;
    case 'area': {
      if (rule.of === 'tenant') return shownIf(viewer.seesInTenant(rule.area));
      if (inTrial === undefined) return notInRole;
      const reach = viewer.reach(rule.area, inTrial);
      return reach.kind === 'sealed' ? reach : shown;
    }
    case 'command':
      return shownIf(attempt(viewer, rule.command, inTrial) !== 'forbidden');
    default:
      return rule satisfies never;
  }
}
