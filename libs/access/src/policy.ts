import type { Role } from './roles.js';

/**
 * Kinds of what can be seen. Every field of the API belongs to one of them (`fields.ts`), so this table is the whole answer
 * to "who may see what".
 */
export const areas = {
  register: 'a trial itself: title, zone, protocol, sites; to roles of a site, that one',
  engagement: 'engagement, counted by site',
  fidelity: 'fidelity, and its association with engagement',
  participants: 'who takes part, and when they were discharged',
  engagementStatus: 'whether a participant is engaged, which tells who was offered the intervention',
  allocation: 'the arm of a participant',
  history: 'the recorded events',
  benchmark: 'a site beside the others, small numbers suppressed',
  cuts: 'data cuts, what changed between them, their open reports and signatures',
  byArm: 'figures by masked arm, and the closed reports that show them',
  queries: 'questions about records, and their answers',
  openSignals: 'signals of what is raised of all arms alike, and the rules of a trial',
  signals: 'signals about the delivery of the intervention, which tell who was offered it',
  alertSubscriptions: 'who is sent alerts, and what became of each',
  recommendations: 'what the committee advises, and the answer to it',
  proofs: 'the Merkle log of a trial, its checkpoints and the export of its events',
  erasures: 'requests to erase the free text about a participant, and what became of them',
  unblindings: 'requests to learn an arm, and what became of them; never the arm',
  people: 'people and their roles',
  conduct: 'sign-ins, role changes, sealed reads and unblindings, of the whole tenant',
  readModels: 'how far the answers are',
} as const;
export type Area = keyof typeof areas;

/**
 * How far a role sees:
 * - `trial`: everywhere in the trials of the assignment;
 * - `recorded`: so too, and each look is itself an event;
 * - `site`, `caseload`: at the site of the assignment, or for participants allocated to its worker;
 * - `sealed`: never, because it would tell somebody's arm to a person who must not know it;
 * - `none`: it is not this role's work.
 */
export type Extent = 'trial' | 'recorded' | 'site' | 'caseload' | 'sealed' | 'none';

const nothing = {
  register: 'trial',
  engagement: 'none',
  fidelity: 'none',
  participants: 'none',
  engagementStatus: 'none',
  allocation: 'none',
  history: 'none',
  benchmark: 'none',
  cuts: 'none',
  byArm: 'none',
  queries: 'none',
  openSignals: 'none',
  signals: 'none',
  alertSubscriptions: 'none',
  recommendations: 'none',
  proofs: 'none',
  erasures: 'none',
  unblindings: 'none',
  people: 'none',
  conduct: 'none',
  readModels: 'none',
} as const satisfies Record<Area, Extent>;

const watching = {
  ...nothing,
  engagement: 'trial',
  fidelity: 'trial',
  participants: 'trial',
  engagementStatus: 'trial',
  history: 'trial',
  benchmark: 'trial',
  cuts: 'trial',
  openSignals: 'trial',
  signals: 'trial',
  alertSubscriptions: 'trial',
  recommendations: 'trial',
  proofs: 'trial',
  readModels: 'trial',
} as const satisfies Record<Area, Extent>;

/** What a blinded role is refused because of its blinding, not because of its work. */
const blinded = {
  ...nothing,
  engagement: 'sealed',
  fidelity: 'sealed',
  engagementStatus: 'sealed',
  allocation: 'sealed',
  history: 'sealed',
  benchmark: 'sealed',
  cuts: 'sealed',
  byArm: 'sealed',
  queries: 'sealed',
  signals: 'sealed',
  alertSubscriptions: 'sealed',
  proofs: 'sealed',
  readModels: 'sealed',
} as const satisfies Record<Area, Extent>;

/** Who may see what. */
export const sight: Readonly<Record<Role, Readonly<Record<Area, Extent>>>> = {
  trial_manager: {
    ...watching,
    allocation: 'trial',
    queries: 'trial',
    erasures: 'trial',
    unblindings: 'trial',
    people: 'trial',
  },
  // Committees judge by masked arms. They are not blinded, and could infer much; the key itself is not their work.
  dmc_member: { ...watching, byArm: 'recorded', unblindings: 'trial', conduct: 'trial' },
  unblinded_statistician: {
    ...watching,
    allocation: 'recorded',
    byArm: 'recorded',
    queries: 'trial',
    unblindings: 'trial',
  },
  blinded_outcome_assessor: { ...blinded, participants: 'trial', openSignals: 'trial' },
  site_coordinator: {
    ...nothing,
    engagement: 'site',
    participants: 'site',
    engagementStatus: 'site',
    allocation: 'site',
    history: 'site',
    benchmark: 'site',
    queries: 'site',
    openSignals: 'site',
    signals: 'site',
  },
  peer_worker: {
    ...nothing,
    participants: 'caseload',
    engagementStatus: 'caseload',
    allocation: 'caseload',
    history: 'caseload',
    openSignals: 'caseload',
    signals: 'caseload',
  },
  site_viewer: { ...nothing, engagement: 'site', benchmark: 'site' },
  auditor: {
    ...watching,
    allocation: 'recorded',
    queries: 'trial',
    erasures: 'trial',
    unblindings: 'trial',
    people: 'trial',
    conduct: 'trial',
  },
  sponsor_administrator: {
    ...blinded,
    recommendations: 'trial',
    erasures: 'trial',
    unblindings: 'trial',
    people: 'trial',
    conduct: 'trial',
  },
  machine_subscriber: { ...blinded, openSignals: 'trial' },
};

/** How far a role's commands reach. */
export type CommandExtent = Exclude<Extent, 'sealed' | 'recorded'>;

type CommandRights = Readonly<Partial<Record<Role, CommandExtent>>>;

const bySite: CommandRights = { trial_manager: 'trial', site_coordinator: 'site' };
const byMeeting: CommandRights = { ...bySite, peer_worker: 'caseload' };
const ofOutcome: CommandRights = { ...bySite, blinded_outcome_assessor: 'trial' };
const ofSetUp: CommandRights = { trial_manager: 'trial', sponsor_administrator: 'trial' };
/** Whoever looks after the quality of records that others make. */
const ofMonitoring: CommandRights = { trial_manager: 'trial', unblinded_statistician: 'trial', auditor: 'trial' };
/** Whoever says to whom alerts of the whole trial go. */
const ofSubscriptions: CommandRights = { trial_manager: 'trial' };
const ofPeople: CommandRights = { sponsor_administrator: 'trial' };

/** Who may give which command; whoever is not named may not. */
export const commandRights = {
  registerTenant: ofPeople,
  registerTrial: ofSetUp,
  publishProtocol: ofSetUp,
  registerSite: ofSetUp,
  registerWorker: { ...ofSetUp, site_coordinator: 'site' },

  referParticipant: bySite,
  recordRandomisation: bySite,
  allocateWorker: bySite,
  recordWardContact: byMeeting,
  recordCommunityMeeting: byMeeting,
  recordDischarge: bySite,
  recordReadmission: ofOutcome,
  recordFollowUp: ofOutcome,
  withdrawParticipant: bySite,

  recordSupervision: bySite,
  recordTeamPreparation: bySite,
  recordFidelityAssessment: { trial_manager: 'trial' },
  recordTraining: bySite,

  voidRecord: bySite,
  amendRecord: bySite,

  takeDataCut: { trial_manager: 'trial', unblinded_statistician: 'trial' },

  raiseQuery: { ...ofMonitoring, site_coordinator: 'site' },
  answerQuery: bySite,
  reopenQuery: ofMonitoring,
  closeQuery: ofMonitoring,
  signContent: { ...ofMonitoring, dmc_member: 'trial', site_coordinator: 'site' },

  makeRecommendation: { dmc_member: 'trial' },
  answerRecommendation: { sponsor_administrator: 'trial' },

  // Of a witness: whoever hands it in says nothing by it themselves.
  cosignCheckpoint: { ...ofMonitoring, dmc_member: 'trial' },

  acknowledgeSignal: bySite,
  assignSignal: bySite,
  snoozeSignal: bySite,
  escalateSignal: bySite,
  resolveSignal: bySite,
  recordSignalOutcome: bySite,
  publishSignalRule: { trial_manager: 'trial' },

  openAlertSubscription: ofSubscriptions,
  changeAlertSubscription: ofSubscriptions,
  pauseAlertSubscription: ofSubscriptions,
  resumeAlertSubscription: ofSubscriptions,
  closeAlertSubscription: ofSubscriptions,
  requestAlertReplay: ofSubscriptions,
  rotateAlertSecret: ofSubscriptions,

  requestErasure: bySite,
  // Whoever asked is not the one who decides; see decide-erasure.ts.
  eraseParticipant: ofSetUp,
  denyErasure: ofSetUp,

  registerPerson: ofPeople,
  assignRole: ofPeople,
  revokeRole: ofPeople,
  requestUnblinding: { ...ofOutcome, unblinded_statistician: 'trial' },
  approveUnblinding: { trial_manager: 'trial', unblinded_statistician: 'trial' },
  denyUnblinding: { trial_manager: 'trial', unblinded_statistician: 'trial' },
} as const satisfies Record<string, CommandRights>;
export type GuardedCommand = keyof typeof commandRights;
