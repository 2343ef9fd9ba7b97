import type { EngagementDefinition } from '@cairn/registry/protocol';
import { engagedAt } from '../../engagement.js';
import { participantFactsOf } from '../../participant-course.js';
import { earliestOf, ofType } from '../../record-versions.js';
import { NEVER, type TrialFacts, versionsOf } from '../trial-facts.js';
import { type Counted, countedAt, countSteps } from './counted.js';
import { perCent, type Step } from './step.js';

type Part = 'engaged' | 'notEngaged';

/**
 * Per cent engaged of those with data whose intervention window has closed. The live proportion has everybody in its
 * denominator who may still become engaged, so it begins low at every site and would raise a signal at each.
 * @param participants of one site
 */
export function engagementOfClosed(
  facts: TrialFacts,
  participants: readonly string[],
  definition: EngagementDefinition,
): readonly Step[] {
  const counted = participants.flatMap((id) => ofParticipant(facts, id, definition));
  return countSteps<Part>(['engaged', 'notEngaged'], counted).map(({ at, counts: { engaged, notEngaged } }) => ({
    at,
    value: perCent(engaged, engaged + notEngaged),
    denominator: engaged + notEngaged,
    numbers: { engaged, windowsClosed: engaged + notEngaged },
    records: () => countedAt(counted, ['notEngaged'], at),
  }));
}

/** From when on, and as what, somebody counts; by the index discharge, with which the window began. */
function ofParticipant(facts: TrialFacts, id: string, definition: EngagementDefinition): readonly Counted<Part>[] {
  const versions = versionsOf(facts, { kind: 'participant', id });
  const timeline = facts.setting.reader.read(participantFactsOf(versions), NEVER);
  const { referredAt, randomisedAt, allocatedAt, closesAt, dataWithdrawnAt } = timeline;
  const points = [referredAt, randomisedAt, allocatedAt, closesAt];
  const record = earliestOf(ofType(versions, 'ParticipantDischarged'));
  if (!timeline.intervention || record === undefined) return [];
  return [
    {
      part: engagedAt(timeline, definition) === undefined ? 'notEngaged' : 'engaged',
      from: Math.max(...points.map((point) => point ?? NEVER)),
      until: dataWithdrawnAt ?? NEVER,
      record,
    },
  ];
}
