import type { GuardedCommand } from './policy.js';
import type { Viewer } from './viewer.js';

/** What the policy looks at in a command; every command has this shape, whatever else it says. */
export interface Asked {
  readonly type: GuardedCommand;
  readonly trial?: string;
  readonly site?: string;
  readonly worker?: string;
}

/**
 * Where that belongs which a command is about: a participant by the referral that stands, a worker by their registration,
 * a void or an amendment by the record that it strikes. Nothing of what is not known.
 */
export interface Whereabouts {
  readonly site?: string | undefined;
  /** Allocated to the participant. */
  readonly workers?: Iterable<string> | undefined;
}

/**
 * What follows before anything is looked up:
 * - `allowed`: whatever it is about;
 * - `limited`: for what is in the viewer's reach, see `permit`;
 * - `trial absent`: the trial is none of the viewer's, and is answered like one that does not exist;
 * - `forbidden`: by the viewer's roles, whatever exists.
 */
export type Attempt = 'allowed' | 'limited' | 'trial absent' | 'forbidden';

/** Commands that belong to no trial; who gives them holds a role in the whole tenant. */
export const commandsOfTheTenant: ReadonlySet<GuardedCommand> = new Set([
  'registerTenant',
  'registerPerson',
  'assignRole',
  'revokeRole',
]);

/** Whether the command may be tried at all. @param trial the one that the command names */
export function attempt(viewer: Viewer, command: GuardedCommand, trial: string | undefined): Attempt {
  if (commandsOfTheTenant.has(command)) return viewer.mayGiveInTenant(command) ? 'allowed' : 'forbidden';
  if (trial === undefined) return viewer.mayGiveSomewhere(command) ? 'limited' : 'forbidden';
  // Only who sees all trials may register a new one, so nobody learns here whether a trial exists.
  if (!viewer.seesTrial(trial) && command !== 'registerTrial') {
    return viewer.mayGiveSomewhere(command) ? 'trial absent' : 'forbidden';
  }
  const reach = viewer.mayGive(command, trial);
  if (reach.kind === 'sealed') return 'forbidden';
  return reach.kind === 'whole' ? 'allowed' : 'limited';
}

/**
 * What is beyond a viewer's reach is answered as if it were absent. `code` and `field` are those of the refusal of what is
 * absent; the same bytes in the same order of rules come of judging the command against an empty stream
 * (PARTICIPANT_UNKNOWN) or a roster without the site or the worker.
 */
export type Permission =
  { readonly kind: 'allowed' } | { readonly kind: 'forbidden' } | ({ readonly kind: 'asAbsent' } & Absence);

type Absence = (typeof absences)[keyof typeof absences];
const absences = {
  trial: { code: 'TRIAL_UNKNOWN', field: 'trial' },
  participant: { code: 'PARTICIPANT_UNKNOWN', field: 'participant' },
  site: { code: 'SITE_UNKNOWN', field: 'site' },
  worker: { code: 'WORKER_UNKNOWN', field: 'worker' },
  event: { code: 'EVENT_UNKNOWN', field: 'event' },
  query: { code: 'QUERY_UNKNOWN', field: 'query' },
  signal: { code: 'SIGNAL_UNKNOWN', field: 'signal' },
} as const;

/** What each command is about. Those of the whole trial or tenant are nobody's whose reach is limited. */
const subjects = {
  registerTenant: 'whole',
  registerTrial: 'whole',
  publishProtocol: 'whole',
  registerSite: 'whole',
  registerWorker: 'site',

  referParticipant: 'site',
  recordRandomisation: 'participant',
  allocateWorker: 'participant',
  recordWardContact: 'contact',
  recordCommunityMeeting: 'contact',
  recordDischarge: 'participant',
  recordReadmission: 'participant',
  recordFollowUp: 'participant',
  withdrawParticipant: 'participant',

  recordSupervision: 'site',
  recordTeamPreparation: 'site',
  recordFidelityAssessment: 'site',
  recordTraining: 'worker',

  voidRecord: 'event',
  amendRecord: 'event',

  takeDataCut: 'whole',

  raiseQuery: 'found',
  answerQuery: 'query',
  reopenQuery: 'query',
  closeQuery: 'query',
  signContent: 'found',

  makeRecommendation: 'whole',
  answerRecommendation: 'whole',

  cosignCheckpoint: 'whole',

  acknowledgeSignal: 'signal',
  assignSignal: 'signal',
  snoozeSignal: 'signal',
  escalateSignal: 'signal',
  resolveSignal: 'signal',
  recordSignalOutcome: 'signal',
  publishSignalRule: 'whole',

  openAlertSubscription: 'whole',
  changeAlertSubscription: 'whole',
  pauseAlertSubscription: 'whole',
  resumeAlertSubscription: 'whole',
  closeAlertSubscription: 'whole',
  requestAlertReplay: 'whole',
  rotateAlertSecret: 'whole',

  requestErasure: 'participant',
  eraseParticipant: 'participant',
  denyErasure: 'participant',

  registerPerson: 'whole',
  assignRole: 'whole',
  revokeRole: 'whole',
  requestUnblinding: 'participant',
  approveUnblinding: 'participant',
  denyUnblinding: 'participant',
} as const satisfies Record<GuardedCommand, 'whole' | 'contact' | 'found' | keyof typeof absences>;

const allowed: Permission = { kind: 'allowed' };
const forbidden: Permission = { kind: 'forbidden' };
const asAbsent = (what: keyof typeof absences): Permission => ({ kind: 'asAbsent', ...absences[what] });

/** Whether the viewer may give the command for what it is about. */
export function permit(viewer: Viewer, command: Asked, about: Whereabouts): Permission {
  const first = attempt(viewer, command.type, command.trial);
  if (first === 'allowed') return allowed;
  if (first === 'trial absent') return asAbsent('trial');
  if (first === 'forbidden' || command.trial === undefined) return forbidden;
  const reach = viewer.mayGive(command.type, command.trial);
  if (reach.kind !== 'part') return forbidden;
  const atOwnSite = (site: string | undefined): boolean => site !== undefined && reach.sites.has(site);
  const inCaseload = [...(about.workers ?? [])].some((worker) => reach.workers.has(worker));

  const subject = subjects[command.type];
  switch (subject) {
    case 'whole':
      return forbidden;
    case 'found':
      // What it is about was looked for within the viewer's reach; what is beyond it was not found.
      return allowed;
    case 'site':
      return atOwnSite(command.site) ? allowed : asAbsent('site');
    case 'participant':
      return atOwnSite(about.site) || inCaseload ? allowed : asAbsent('participant');
    case 'contact':
      // A peer worker reports their own contacts; for colleagues at the site a coordinator does.
      if (atOwnSite(about.site)) return allowed;
      if (!inCaseload) return asAbsent('participant');
      return command.worker !== undefined && reach.workers.has(command.worker) ? allowed : asAbsent('worker');
    case 'worker':
    case 'event':
    case 'query':
    case 'signal':
      return atOwnSite(about.site) || inCaseload ? allowed : asAbsent(subject);
    default:
      return subject satisfies never;
  }
}
