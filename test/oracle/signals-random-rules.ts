import { type Happening, SignalRule } from '@cairn/signals';
import { chanceOf, Draw } from './random-log.js';

/** Rules by chance that wait for something or find it missing, of participants and of sites. */
export function randomRules(seed: number, many: number): readonly SignalRule[] {
  const draw = new Draw(chanceOf(seed));
  const some = <T>(values: readonly T[]): T[] | undefined => {
    const chosen = values.filter(() => draw.is(0.6));
    return draw.is(0.5) || chosen.length === 0 ? undefined : chosen;
  };
  const ofParticipant = (): Happening => {
    const what = draw.of([
      'referral',
      'randomisation',
      'allocation',
      'discharge',
      'readmission',
      'follow_up',
      'contact',
      'contact',
    ] as const);
    if (what !== 'contact') return { what };
    const [settings, modes] = [
      some(['ward', 'community'] as const),
      some(['face_to_face', 'telephone', 'text'] as const),
    ];
    const outcomes = some(['attended', 'on_leave'] as const);
    return { what, ...(settings && { settings }), ...(modes && { modes }), ...(outcomes && { outcomes }) };
  };
  const ofSite = (): Happening => {
    if (draw.is(0.3)) return { what: 'team_preparation' };
    const kinds = some(['group', 'individual'] as const);
    return { what: 'supervision', ...(kinds && { kinds }) };
  };
  const anchorOf = (): Happening => (draw.is(0.4) ? { what: 'opening' } : ofSite());
  return Array.from({ length: many }, (_, index) => {
    const site = draw.is(0.3);
    const happening = site ? ofSite : ofParticipant;
    const limits = {
      ...(!site && draw.is(0.8) && { of: draw.of(['referred', 'randomised', 'offered', 'with_data']) }),
      ...(draw.is(0.6) && { during: site ? 'delivery' : 'window' }),
    };
    const condition =
      !site && draw.is(0.3)
        ? { kind: 'sequence', before: happening(), missing: happening(), ...limits }
        : {
            kind: 'absence',
            after: Array.from({ length: draw.int(1, 2) }, site ? anchorOf : happening),
            expected: happening(),
            withinDays: draw.int(0, 15),
            ...limits,
          };
    return SignalRule.parse({ rule: `rule-${index}`, title: 'By chance', severity: 'notice', condition });
  });
}
