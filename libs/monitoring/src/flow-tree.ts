import type { ParticipantCourse } from './participant-course.js';
import type { TableRow } from './trial-table.js';

/** A box of a participant flow: its children are all the ways on from it, so that their counts add up to its own. */
export interface FlowNode {
  readonly id: string;
  readonly label: string;
  readonly count: number;
  readonly children: readonly FlowNode[];
}

/** A box without its count. `definition` says who is in it, of those in the box above. */
export interface FlowBox {
  readonly id: string;
  readonly label: string;
  readonly definition: string;
  readonly children?: readonly FlowBox[];
}

/** From randomisation on: what both arms have in common. */
export const randomisedFlow: FlowBox = {
  id: 'randomised',
  label: 'Randomised',
  definition: 'Randomised to an arm.',
  children: [
    {
      id: 'data_use_withdrawn',
      label: 'Withdrew the use of their data',
      definition: 'Randomised; the use of their data was withdrawn, so nothing more is counted of them.',
    },
    {
      id: 'not_discharged',
      label: 'Not discharged',
      definition: 'Randomised, data may be used, no discharge recorded.',
      children: [
        {
          id: 'not_discharged_withdrawn',
          label: 'Withdrew from follow-up before discharge',
          definition: 'Not discharged, and withdrawn from follow-up.',
        },
        {
          id: 'awaiting_discharge',
          label: 'Awaiting discharge',
          definition: 'Not discharged, not withdrawn from follow-up.',
        },
      ],
    },
    {
      id: 'discharged',
      label: 'Discharged',
      definition: 'Randomised, data may be used, discharged; the earliest discharge is the index discharge.',
      children: [
        {
          id: 'readmitted',
          label: 'Readmitted within 12 months',
          definition:
            'Discharged, and a readmission at or after it, by the end of the local day 12 calendar months after its day (clamped to the end of a month).',
        },
        {
          id: 'not_readmitted',
          label: 'Not readmitted within 12 months',
          definition: 'Discharged, 12 months over, no such readmission, not withdrawn from follow-up before their end.',
        },
        {
          id: 'outcome_withdrawn',
          label: 'Withdrew from follow-up before 12 months',
          definition: 'Discharged, no such readmission, withdrawn from follow-up before the 12 months were over.',
        },
        {
          id: 'in_observation',
          label: 'Still in observation',
          definition: 'Discharged, no such readmission, not withdrawn from follow-up, 12 months not over.',
        },
      ],
    },
  ],
};

/** From referral on. */
export const referredFlow: FlowBox = {
  id: 'referred',
  label: 'Referred',
  definition: 'Referred to the site, or randomised there, and the referral is not void.',
  children: [
    {
      id: 'not_randomised',
      label: 'Not randomised',
      definition: 'Referred, no randomisation recorded.',
      children: [
        {
          id: 'not_randomised_withdrawn',
          label: 'Withdrew before randomisation',
          definition: 'Not randomised, and a withdrawal of any scope.',
        },
        {
          id: 'not_randomised_other',
          label: 'Not, or not yet, randomised',
          definition: 'Not randomised, and no withdrawal.',
        },
      ],
    },
    randomisedFlow,
  ],
};

/** The clinical follow-up of those discharged. */
export const followUpFlow: FlowBox = {
  id: 'discharged',
  label: 'Discharged',
  definition: 'As in the participant flow.',
  children: [
    {
      id: 'follow_up_in_time',
      label: 'Followed up in time',
      definition:
        "Discharged, and the first follow-up at or after it was by the end of the local day that is the protocol's followUpWithinDays after its day.",
    },
    { id: 'follow_up_late', label: 'Followed up late', definition: 'Discharged, and the first follow-up was later.' },
    {
      id: 'follow_up_missing',
      label: 'Follow-up due and not recorded',
      definition: 'Discharged, no follow-up recorded, that day is over, not withdrawn from follow-up by its end.',
    },
    {
      id: 'follow_up_not_due',
      label: 'Follow-up not due yet',
      definition: 'Discharged, no follow-up recorded, that day is not over, not withdrawn from follow-up.',
    },
    {
      id: 'follow_up_withdrawn',
      label: 'Withdrew from follow-up before it was due',
      definition: 'Discharged, no follow-up recorded, withdrawn from follow-up before that day was over.',
    },
  ],
};

/** The last box that a participant has come to. */
export function flowBoxOf({ randomised, withdrawnAt, discharged }: ParticipantCourse): string {
  if (!randomised) {
    const withdrew = Object.values(withdrawnAt).some((at) => at !== undefined);
    return withdrew ? 'not_randomised_withdrawn' : 'not_randomised_other';
  }
  if (withdrawnAt.data_use !== undefined) return 'data_use_withdrawn';
  if (!discharged) return withdrawnAt.follow_up === undefined ? 'awaiting_discharge' : 'not_discharged_withdrawn';
  const { outcome } = discharged;
  return outcome === 'withdrawn' ? 'outcome_withdrawn' : outcome;
}

/** The boxes of a flow, each before those below it. */
export const boxesOf = (box: FlowBox): readonly FlowBox[] => [box, ...(box.children ?? []).flatMap(boxesOf)];

/** A box and all boxes above it; nothing when it is not in the flow. */
export function pathTo(id: string, box: FlowBox): readonly string[] {
  if (box.id === id) return [box.id];
  for (const child of box.children ?? []) {
    const path = pathTo(id, child);
    if (path.length > 0) return [box.id, ...path];
  }
  return [];
}

/** The flow that a row of `flow` or `arms` holds. */
export const flowNode = (row: TableRow, box: FlowBox): FlowNode => ({
  id: box.id,
  label: box.label,
  count: Number(row[box.id]),
  children: (box.children ?? []).map((child) => flowNode(row, child)),
});
