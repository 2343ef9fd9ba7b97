/** How each GraphQL enum value is called inside: the words of the stored events and of the calculations. */
export const enums = {
  EmployerKind: { NHS: 'NHS', VOLUNTARY: 'VOL' },
  Locality: { URBAN: 'urban', TOWN: 'town', RURAL: 'rural' },
  WorkerRole: { PEER_WORKER: 'peer_worker', COORDINATOR: 'coordinator' },
  ContactMode: { FACE_TO_FACE: 'face_to_face', TELEPHONE: 'telephone', VIDEO: 'video', TEXT: 'text' },
  ContactOutcome: {
    ATTENDED: 'attended',
    PARTICIPANT_ABSENT: 'participant_absent',
    ON_LEAVE: 'on_leave',
    CANCELLED_BY_PARTICIPANT: 'cancelled_by_participant',
    CANCELLED_BY_PROVIDER: 'cancelled_by_provider',
  },
  SupervisionKind: { GROUP: 'group', INDIVIDUAL: 'individual', ACTION_LEARNING_SET: 'action_learning_set' },
  WithdrawalScope: { INTERVENTION: 'intervention', FOLLOW_UP: 'follow_up', DATA_USE: 'data_use' },
  EngagementStatus: {
    ENGAGED: 'engaged',
    NOT_YET: 'not_yet',
    NOT_ENGAGED: 'not_engaged',
    NO_DATA: 'no_data',
    NOT_OFFERED: 'not_offered',
  },
  SiteClass: { HIGH_HIGH: 'high_high', LOW_LOW: 'low_low', OUTLIER: 'outlier', UNCLASSIFIED: 'unclassified' },
  Suppression: { SMALL_NUMBERS: 'small_numbers', TOO_FEW_SITES: 'too_few_sites' },
  ReadModelState: { RUNNING: 'running', HALTED: 'halted', REBUILDING: 'rebuilding' },
  DataQueryState: { OPEN: 'open', ANSWERED: 'answered', CLOSED: 'closed' },
  DataQueryEntryKind: { RAISED: 'raised', ANSWERED: 'answered', REOPENED: 'reopened', CLOSED: 'closed' },
  SignatureMeaning: {
    AUTHORSHIP: 'authorship',
    REVIEW: 'review',
    APPROVAL: 'approval',
    RESPONSIBILITY: 'responsibility',
  },
  Advice: {
    CONTINUE: 'continue',
    CONTINUE_WITH_CHANGES: 'continue_with_changes',
    PAUSE_RECRUITMENT: 'pause_recruitment',
    STOP: 'stop',
  },
  SponsorResponse: { ACCEPTED: 'accepted', ACCEPTED_IN_PART: 'accepted_in_part', DECLINED: 'declined' },
  SignatureState: { VALID: 'valid', VOIDED: 'voided' },
  CutCauseKind: { RECORD: 'record', REGISTER: 'register', TIME: 'time' },
  TableAudience: { OPEN: 'open', UNBLINDED: 'unblinded' },
  UnblindingState: { REQUESTED: 'requested', APPROVED: 'approved', DENIED: 'denied' },
  Severity: { NOTICE: 'notice', WARNING: 'warning', CRITICAL: 'critical' },
  SignalSubjectKind: { PARTICIPANT: 'participant', SITE: 'site', WORKER: 'worker' },
  SignalState: {
    RAISED: 'raised',
    ACKNOWLEDGED: 'acknowledged',
    ASSIGNED: 'assigned',
    SNOOZED: 'snoozed',
    CLEARED: 'cleared',
    RESOLVED: 'resolved',
  },
  SignalOutcome: { TRUE_PROBLEM: 'true_problem', FALSE_ALARM: 'false_alarm', DATA_PROBLEM: 'data_problem' },
  SignalClearance: { CAUSE_GONE: 'cause_gone', CORRECTED: 'corrected', RULE_CHANGED: 'rule_changed', OVER: 'over' },
  BackTestPart: { DRAFT: 'draft', IN_FORCE: 'inForce', BOTH: 'both', ADDED: 'added', REMOVED: 'removed' },
  AlertKind: {
    RAISED: 'raised',
    RETURNED: 'returned',
    ESCALATED: 'escalated',
    CLEARED: 'cleared',
    RESOLVED: 'resolved',
    ACKNOWLEDGED: 'acknowledged',
    ASSIGNED: 'assigned',
    SNOOZED: 'snoozed',
    WOKEN: 'woken',
    OUTCOME_RECORDED: 'outcome_recorded',
  },
  AlertSubscriptionState: { ACTIVE: 'active', PAUSED: 'paused', DISABLED: 'disabled', CLOSED: 'closed' },
  AlertSinkKind: { WEBHOOK: 'webhook', KAFKA: 'kafka' },
  AlertAudience: { OPEN: 'open', DELIVERY: 'delivery' },
  AlertDeliveryKind: { ALERT: 'alert', DIGEST: 'digest' },
  AlertDeliveryState: { WAITING: 'waiting', COLLECTED: 'collected', DELIVERED: 'delivered', DEAD: 'dead' },
  AlertAttemptResult: {
    DELIVERED: 'delivered',
    GONE: 'gone',
    REDIRECTED: 'redirected',
    REJECTED: 'rejected',
    REFUSED: 'refused',
    UNREACHABLE: 'unreachable',
  },
  ErasureState: { REQUESTED: 'requested', ERASED: 'erased', DENIED: 'denied' },
} as const;

export type ReadModelState = (typeof enums.ReadModelState)[keyof typeof enums.ReadModelState];
export type DataQueryState = (typeof enums.DataQueryState)[keyof typeof enums.DataQueryState];
export type DataQueryEntryKind = (typeof enums.DataQueryEntryKind)[keyof typeof enums.DataQueryEntryKind];
export type SignatureState = (typeof enums.SignatureState)[keyof typeof enums.SignatureState];
export type ErasureState = (typeof enums.ErasureState)[keyof typeof enums.ErasureState];
export type SignalState = (typeof enums.SignalState)[keyof typeof enums.SignalState];
export type AlertSubscriptionState = (typeof enums.AlertSubscriptionState)[keyof typeof enums.AlertSubscriptionState];
export type AlertSinkKind = (typeof enums.AlertSinkKind)[keyof typeof enums.AlertSinkKind];
export type AlertDeliveryKind = (typeof enums.AlertDeliveryKind)[keyof typeof enums.AlertDeliveryKind];
export type AlertDeliveryState = (typeof enums.AlertDeliveryState)[keyof typeof enums.AlertDeliveryState];
export type BackTestPart = (typeof enums.BackTestPart)[keyof typeof enums.BackTestPart];
export type UnblindingState = (typeof enums.UnblindingState)[keyof typeof enums.UnblindingState];
