import type { Protocol } from '@cairn/registry/protocol';
import { type Happening, SignalRule } from '@cairn/signals/rule';
import { defaultSiteClassCutPoints } from '../fidelity-association.js';

const meeting: Happening = { what: 'contact', settings: ['community'] };
const groupSupervision: Happening = { what: 'supervision', kinds: ['group'] };

/** A session may be put off for a few days: where they are weekly, as in ENRICH, ten days without one are a lapse. */
const SUPERVISION_DAYS_OF_GRACE = 3;

const caseStudy = 'BMC Health Services Research 2024, 24:1050';

type Writing = Omit<Required<SignalRule>, 'enabled' | 'escalateAfterDays'>;

/** The rules that every trial has, with the limits of its protocol, or usual ones where it gives none. */
export function defaultRules(protocol: Protocol): readonly SignalRule[] {
  const followUpWithinDays = protocol.followUpWithinDays ?? 7;
  const supervisionEveryDays = (protocol.groupSupervisionEveryDays ?? 7) + SUPERVISION_DAYS_OF_GRACE;
  const trainingDays = protocol.trainingDays ?? 8;
  const { low } = protocol.siteClasses ?? defaultSiteClassCutPoints;
  const from = (part: keyof Protocol, otherwise: string): string =>
    protocol[part] === undefined ? otherwise : `The trial's protocol, ${part}`;
  const rules: readonly Writing[] = [
    {
      rule: 'no_ward_contact',
      title: 'No ward contact before discharge',
      description: 'Discharged without having met the peer worker on the ward.',
      source: `ENRICH: at least one contact while still an inpatient; ${caseStudy}`,
      severity: 'warning',
      condition: {
        kind: 'sequence',
        before: { what: 'discharge' },
        missing: { what: 'contact', settings: ['ward'] },
        of: 'with_data',
        during: 'window',
      },
    },
    {
      rule: 'no_meeting_after_discharge',
      title: 'No community meeting within 7 days of discharge',
      description: 'Discharged, and not met by the peer worker in the community by the end of the seventh day after.',
      source: `ENRICH: weekly meetings from discharge on; ${caseStudy}`,
      severity: 'warning',
      condition: {
        kind: 'absence',
        after: [{ what: 'discharge' }],
        expected: meeting,
        withinDays: 7,
        of: 'with_data',
        during: 'window',
      },
    },
    {
      rule: 'meeting_gap',
      title: 'More than 14 days between meetings',
      description: 'Met by the peer worker in the community, and not again by the end of the fourteenth day after.',
      source: `ENRICH: weekly meetings for up to four months; two missed is too many. ${caseStudy}`,
      severity: 'warning',
      condition: {
        kind: 'absence',
        after: [meeting],
        expected: meeting,
        withinDays: 14,
        of: 'with_data',
        during: 'window',
      },
    },
    {
      rule: 'follow_up_overdue',
      title: `Follow-up not recorded by the end of day ${followUpWithinDays}`,
      description:
        'Discharged, of whichever arm, and no clinical follow-up on record by the end of the day it was due.',
      source: from('followUpWithinDays', 'Clinical follow-up within 7 days of discharge, as in ENRICH'),
      severity: 'warning',
      condition: {
        kind: 'absence',
        after: [{ what: 'discharge' }],
        expected: { what: 'follow_up' },
        withinDays: followUpWithinDays,
        of: 'randomised',
      },
    },
    {
      rule: 'supervision_gap',
      title: `No group supervision for ${supervisionEveryDays} days`,
      description: 'A site that delivers has held no group supervision since it opened, or since the last one.',
      source: `${from('groupSupervisionEveryDays', `Weekly in ENRICH (${caseStudy})`)}, and ${SUPERVISION_DAYS_OF_GRACE} days of grace, which are ours`,
      severity: 'critical',
      condition: {
        kind: 'absence',
        after: [{ what: 'opening' }, groupSupervision],
        expected: groupSupervision,
        withinDays: supervisionEveryDays,
        during: 'delivery',
      },
    },
    {
      rule: 'worker_unknown',
      title: 'Randomised to peer support, but no worker known',
      description: 'Offered the intervention, and no peer worker allocated by the end of the third day after.',
      source: `Ours. In the case study 26 of 291 had no known worker; ${caseStudy}, Table 2`,
      severity: 'warning',
      condition: {
        kind: 'absence',
        after: [{ what: 'randomisation' }],
        expected: { what: 'allocation' },
        withinDays: 3,
        of: 'offered',
      },
    },
    {
      rule: 'untrained_caseload',
      title: `A caseload and fewer than ${trainingDays} training days`,
      description: 'A worker looks after participants without having had the training that comes before.',
      source: from('trainingDays', `Eight training days in ENRICH; ${caseStudy}`),
      severity: 'critical',
      condition: { kind: 'threshold', measure: 'training_days', direction: 'below', limit: trainingDays },
    },
    {
      rule: 'engagement_low',
      title: `Site engagement below ${low.engagement} %`,
      description:
        'Of those with data whose window has closed, by the definition `table`. At the limit is not below it, though it makes a site of the class low-low.',
      source: from('siteClasses', 'Our cut-points of site classes, as the case study gives none'),
      severity: 'warning',
      condition: {
        kind: 'threshold',
        measure: 'engagement',
        direction: 'below',
        limit: low.engagement,
        atLeast: 5,
      },
    },
    {
      rule: 'fidelity_low',
      title: `Site fidelity below ${low.fidelity}`,
      description: 'At the limit is not below it, though it makes a site of the class low-low.',
      source: from('siteClasses', 'Our cut-points of site classes, as the case study gives none'),
      severity: 'warning',
      condition: { kind: 'threshold', measure: 'fidelity', direction: 'below', limit: low.fidelity },
    },
    {
      rule: 'late_entries',
      title: 'More than 20 % of contacts entered late',
      description:
        'Of the contacts and attempts entered in the last 28 days, too many were entered more than 7 days after they occurred.',
      source: 'Ours; no source gives a limit',
      severity: 'notice',
      condition: { kind: 'threshold', measure: 'late_entries', direction: 'above', limit: 20, atLeast: 10 },
    },
    {
      rule: 'missing_contact_data',
      title: 'Missing contact data far from other sites',
      description:
        'Of those offered the intervention more than 14 days ago, more have no known worker, and so no contact data, than chance explains beside all other sites.',
      source: `Ours: 3 standard errors. In the case study site 4 has data for 17 of 33; ${caseStudy}, Table 2`,
      severity: 'critical',
      condition: { kind: 'threshold', measure: 'missing_contact_data', direction: 'above', limit: 3, atLeast: 10 },
    },
    {
      rule: 'contacts_falling',
      title: 'Contacts have halved in four weeks',
      description: 'In the last 28 days less than half as many contacts as in the 28 days before.',
      source: 'Ours; no source gives a limit',
      severity: 'notice',
      condition: {
        kind: 'trend',
        measure: 'contacts',
        direction: 'falling',
        overDays: 28,
        factor: 2,
        atLeast: 8,
      },
    },
  ];
  return rules.map((rule) => SignalRule.parse(rule));
}
