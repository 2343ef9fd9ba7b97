import type { EngagementDefinition } from '@cairn/registry/protocol';

/** The key of Table 2 of the ENRICH case study: the default. */
export const tableDefinition: EngagementDefinition = {
  id: 'table',
  title: 'Two face-to-face contacts, one in the community',
  description:
    'At least two attended face-to-face contacts with the peer worker, at least one of them in the community at or after the index discharge, before the intervention window closes.',
  source: 'ENRICH comparative case study, BMC Health Services Research 2024, 24:1050, key of Table 2',
  requirements: [
    { atLeast: 2, modes: ['face_to_face'] },
    { atLeast: 1, modes: ['face_to_face'], settings: ['community'], fromDischarge: true },
  ],
};

/** The definition in the text of the ENRICH trial report. */
export const textDefinition: EngagementDefinition = {
  id: 'text',
  title: 'Two contacts, one after discharge',
  description:
    'At least two attended contacts with the peer worker in any mode, at least one of them at or after the index discharge in any setting (a ward visit during a readmission counts), before the intervention window closes.',
  source: 'ENRICH trial report (ISRCTN10043328)',
  requirements: [{ atLeast: 2 }, { atLeast: 1, fromDischarge: true }],
};

/** Every definition of a trial, by which a table can be asked for: the two that all trials have, then its own. */
export const engagementDefinitions = (protocol: {
  readonly engagementDefinitions: readonly EngagementDefinition[];
}): readonly EngagementDefinition[] => [
  tableDefinition,
  textDefinition,
  ...protocol.engagementDefinitions.filter(({ id }) => id !== tableDefinition.id && id !== textDefinition.id),
];

/** The definition of this id; `table` and `text` cannot be given another meaning by a protocol. */
export const engagementDefinition = (
  protocol: { readonly engagementDefinitions: readonly EngagementDefinition[] },
  id: string,
): EngagementDefinition | undefined => engagementDefinitions(protocol).find((definition) => definition.id === id);
