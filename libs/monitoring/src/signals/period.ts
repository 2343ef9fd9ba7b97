import { Temporal } from 'temporal-polyfill';
import { occurrences } from './happenings.js';
import { type ParticipantStanding, participantsBySite, participantStanding } from './participant-standing.js';
import { merged, type Span, within } from './span.js';
import type { TrialFacts } from './trial-facts.js';

/** A participant's intervention window: from the index discharge on until it closes. */
export const windowOf = ({ dischargedAt, windowClosesAt }: ParticipantStanding): readonly Span[] =>
  dischargedAt === undefined ? [] : [{ from: dischargedAt, until: windowClosesAt!, key: '' }];

/**
 * While sites deliver: never before the opening, and not at all where that is not known. A site delivers to the end of
 * the last day of recruitment, and while there is anybody to deliver to: somebody who was randomised to an intervention
 * arm, until their window closes or they withdraw from the intervention or the use of their data. Somebody who was not
 * discharged yet has a window to come. A site that had nobody any more, and then has again, delivers again: that is
 * another span, with the id of the randomisation that began it as its key.
 */
export class Delivery {
  private readonly bySite = new Map<string, readonly Span[]>();
  private participants: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(private readonly facts: TrialFacts) {}

  /** In the order of time. */
  of(site: string): readonly Span[] {
    const spans = this.bySite.get(site) ?? this.workOut(site);
    this.bySite.set(site, spans);
    return spans;
  }

  private workOut(site: string): readonly Span[] {
    const [opening] = occurrences({ what: 'opening' }, { kind: 'site', id: site }, this.facts);
    if (opening === undefined) return [];
    this.participants ??= participantsBySite(this.facts);
    const people = (this.participants.get(site) ?? []).flatMap((id) => {
      const standing = participantStanding(this.facts, id);
      return standing === undefined ? [] : deliveryTo(standing);
    });
    const open = { from: -Infinity, until: this.endOfRecruitment(), key: '' };
    const [first, ...later] = merged(within({ from: opening.at, until: Infinity }, [open, ...people]));
    return first === undefined ? [] : [{ ...first, key: '' }, ...later];
  }

  private endOfRecruitment(): number {
    const { recruitmentTo, setting } = this.facts;
    return recruitmentTo === undefined
      ? Infinity
      : setting.calendar.startOf(Temporal.PlainDate.from(recruitmentTo).add({ days: 1 }));
  }
}

function deliveryTo(standing: ParticipantStanding): readonly Span[] {
  const { referredAt, randomised, intervention, windowClosesAt, withdrawnAt } = standing;
  if (randomised === undefined || !intervention) return [];
  const until = Math.min(
    windowClosesAt ?? Infinity,
    withdrawnAt.intervention ?? Infinity,
    withdrawnAt.data_use ?? Infinity,
  );
  return [{ from: Math.max(referredAt, randomised.occurredAt), until, key: randomised.record }];
}
