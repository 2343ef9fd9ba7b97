import type { SealReason, Viewer } from '@cairn/access';
import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type { RequestContext } from '../graphql/context.js';
import type { Basis } from '../graphql/disclosures.js';
import type { OpenArms } from '../access/open-arms.js';
import type { ShownEvent } from './read-history.js';

/** The field that a record of a sealed read names. */
const FIELD = 'RecordedEvent.data';

/** An event's data as the viewer may see it: what is sealed in it is null, with a note. */
export async function shownData(
  event: ShownEvent,
  { viewer, disclosures }: RequestContext,
  info: GraphQLResolveInfo,
  openArms: OpenArms,
): Promise<Record<string, unknown>> {
  const data = JSON.parse(event.payload) as Record<string, unknown>;
  // Also what is not there is named, and in the same place: that it is not there can tell as much.
  const withhold = (reason: SealReason, ...fields: readonly string[]): Record<string, unknown> => {
    for (const field of fields) disclosures.seal([...responsePathAsArray(info.path), field], reason);
    const shown = Object.entries(data).filter(([field]) => !fields.includes(field));
    return Object.fromEntries<unknown>([...shown, ...fields.map((field) => [field, null] as const)]);
  };
  switch (event.type) {
    case 'ParticipantRandomised': {
      const { trial, participant } = data as { readonly trial: string; readonly participant: string };
      const decision = await armDecision(viewer, event, trial, participant, openArms);
      if ('reason' in decision) return withhold(decision.reason, 'arm');
      if (decision.recordedAs) await disclosures.look(viewer, trial, FIELD, participant, decision.recordedAs);
      return data;
    }
    case 'ParticipantRecordAmended': {
      const { trial, participant, record } = data as unknown as AmendedRecord;
      if (record.type !== 'ParticipantRandomised') return data;
      const decision = await armDecision(viewer, event, trial, participant, openArms);
      if ('reason' in decision) {
        disclosures.seal([...responsePathAsArray(info.path), 'record', 'data', 'arm'], decision.reason);
        return { ...data, record: { ...record, data: { ...record.data, arm: null } } };
      }
      if (decision.recordedAs) await disclosures.look(viewer, trial, FIELD, participant, decision.recordedAs);
      return data;
    }
    case 'SealedDataRead':
      // How many were engaged can be how many were looked at.
      return viewer.isBlindedSomewhere ? withhold('BLINDED', 'participant', 'participants') : data;
    case 'CutTableKept':
      // Some of them are by arm. Whose a table is, the cut decides that has it.
      return withhold('NOT_IN_ROLE', 'text');
    default:
      return data;
  }
}

interface AmendedRecord {
  readonly trial: string;
  readonly participant: string;
  readonly record: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

type ArmDecision = { readonly recordedAs: Basis | undefined } | { readonly reason: SealReason };

async function armDecision(
  viewer: Viewer,
  { armsOf }: ShownEvent,
  trial: string,
  participant: string,
  openArms: OpenArms,
): Promise<ArmDecision> {
  const reach = viewer.reach('allocation', trial);
  if (reach.kind === 'whole') return { recordedAs: reach.recorded ? 'role' : undefined };
  // Outside of a history an event is shown to whoever made it, and they gave the arm themselves.
  if (reach.kind === 'part' && (armsOf === undefined || armsOf.has(participant))) return { recordedAs: undefined };
  if ((await openArms.to(viewer, trial)).has(participant)) return { recordedAs: 'unblinding' };
  return { reason: reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE' };
}
