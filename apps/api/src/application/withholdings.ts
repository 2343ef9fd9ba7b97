import type { Reach } from '@cairn/access';
import { auditRefusals, type DataQuery, noQuery } from '@cairn/audit';
import {
  deliveryRefusals,
  isAllocatedTo,
  isReferredTo,
  nobody,
  noRecord,
  noTraining,
  type Participant,
  type SiteRecord,
  type TrainingDay,
} from '@cairn/delivery';
import type { Trial } from '@cairn/registry';
import { noSignal, type Signal } from '@cairn/signals';
import type { Withholding } from './within-reach.js';

/*
 * What of each kind of stream is there for somebody with a limited reach. Where ids are shared by a whole trial, that an id
 * is taken cannot be kept from who wants to take it; by whom and what else is known of it can.
 */

export const ofParticipants: Withholding<Participant> = {
  seen: (participant, { sites, caseload }) =>
    [...sites].some((site) => isReferredTo(participant, site)) ||
    [...caseload].some((worker) => isAllocatedTo(participant, worker))
      ? participant
      : nobody,
  whereabouts: (participant, { sites, caseload }) => ({
    site: [...sites].find((site) => isReferredTo(participant, site)),
    workers: [...caseload].filter((worker) => isAllocatedTo(participant, worker)),
  }),
  taken: {
    code: 'PARTICIPANT_ALREADY_REFERRED',
    message: deliveryRefusals.PARTICIPANT_ALREADY_REFERRED,
    field: 'participant',
  },
};

export const ofSiteRecords: Withholding<SiteRecord> = {
  seen: (record, { sites }) => (record.first && !sites.has(record.first.data.site) ? noRecord : record),
  whereabouts: ({ first }) => ({ site: first?.data.site }),
};

export const ofTraining: Withholding<TrainingDay> = {
  seen: (day, { hasWorker }) => (day.first && !hasWorker(day.first.data.worker) ? noTraining : day),
  whereabouts: ({ first }, { siteOf }) =>
    first ? { site: siteOf(first.data.worker), workers: [first.data.worker] } : {},
};

/** The register: other sites and their workers are not on it. */
export const ofTrials: Withholding<Trial> = {
  seen: (trial, { sites }) =>
    trial.kind === 'unregistered'
      ? trial
      : {
          ...trial,
          sites: trial.sites.filter(({ site }) => sites.has(site)),
          workers: trial.workers.filter(({ site }) => sites.has(site)),
        },
  whereabouts: () => ({}),
};

/** Queries that concern other sites were never raised. */
export const ofQueries: Withholding<DataQuery> = {
  seen: (query, { sites }) => (query.kind === 'none' || sites.has(query.site) ? query : noQuery),
  whereabouts: (query) => (query.kind === 'none' ? {} : { site: query.site }),
  taken: { code: 'QUERY_EXISTS', message: auditRefusals.QUERY_EXISTS, field: 'query' },
};

/** Signals of other sites were never raised. */
export const ofSignals: Withholding<Signal> = {
  seen: (signal, { sites }) => (signal.kind === 'none' || sites.has(signal.about.site) ? signal : noSignal),
  whereabouts: (signal) => (signal.kind === 'none' ? {} : { site: signal.about.site }),
};

/** What is signed was looked for within the signer's reach; that an id is taken is all that a signature tells. */
export const ofSignatures: Withholding<unknown> = { seen: (signature) => signature, whereabouts: () => ({}) };

/** Whether a participant is there for somebody of this reach. */
export const isInReach = (reach: Reach, participant: Participant): boolean =>
  reach.kind === 'whole' ||
  (reach.kind === 'part' &&
    ([...reach.sites].some((site) => isReferredTo(participant, site)) ||
      [...reach.workers].some((worker) => isAllocatedTo(participant, worker))));
