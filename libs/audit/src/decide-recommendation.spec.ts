import { specFor } from '@cairn/event-sourcing/spec';
import { recommendationDecider, type RecommendationWorld } from './decide-recommendation.js';
import type { RecommendationEvent } from './events.js';
import { signedText } from './recommendation.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const hash = 'a'.repeat(64);
const proof = { name: 'Dana', authenticatedAt: now - 1_000 };
const dana: RecommendationWorld = { now, actor: 'dana', proof, contentHash: hash, cutIsKnown: true };
const sam: RecommendationWorld = { now, actor: 'sam', proof: { ...proof, name: 'Sam' }, contentHash: hash };
const { given } = specFor(recommendationDecider, dana);

const of = { trial: 't', recommendation: 'R1', text: 'Go on as planned.', meaning: 'approval' } as const;
const make = { type: 'makeRecommendation', ...of, cut: 'C1', advice: 'continue' } as const;
const answer = { type: 'answerRecommendation', ...of, text: 'Agreed.', response: 'accepted' } as const;

const signed = (person: string, name: string) => ({
  person,
  name,
  meaning: 'approval' as const,
  authenticatedAt: '2018-06-01T11:59:59.000Z',
  contentHash: hash,
});
const { meaning: _, ...content } = of;
const made: RecommendationEvent = {
  type: 'RecommendationMade',
  occurredAt: now,
  data: { ...content, cut: 'C1', advice: 'continue', signature: signed('dana', 'Dana') },
};
const answered: RecommendationEvent = {
  type: 'RecommendationAnswered',
  occurredAt: now,
  data: { ...content, text: 'Agreed.', response: 'accepted', signature: signed('sam', 'Sam') },
};

describe('a recommendation', () => {
  it('is recorded with who signed it, when, and what they meant', () => given().when(make).then(made));
  it('made again changes nothing, and asks for no proof', () =>
    given(made)
      .when(make, { ...dana, proof: undefined })
      .then());
  it.each([
    ['advice', { ...make, advice: 'stop' as const }],
    ['cut', { ...make, cut: 'C2' }],
    ['text', { ...make, text: 'Stop.' }],
    ['meaning', { ...make, meaning: 'review' as const }],
  ])('under the id of one with another %s is refused', (_field, other) =>
    given(made).when(other).thenRefused('RECOMMENDATION_EXISTS', 'recommendation'),
  );
  it('under the id of somebody else’s is refused', () =>
    given(made)
      .when(make, { ...dana, actor: 'dora' })
      .thenRefused('RECOMMENDATION_EXISTS', 'recommendation'));
  it('after a look at no cut of the trial is refused', () =>
    given()
      .when(make, { ...dana, cutIsKnown: false })
      .thenRefused('CUT_UNKNOWN', 'cut'));
  it('by who has not proved anew who they are is refused', () =>
    given()
      .when(make, { ...dana, proof: undefined })
      .thenRefused('REAUTHENTICATION_REQUIRED', 'reauthentication'));
});

describe('the answer to a recommendation', () => {
  it('is recorded and signed', () => given(made).when(answer, sam).then(answered));
  it('given again changes nothing', () => given(made, answered).when(answer, sam).then());
  it.each([
    ['response', { ...answer, response: 'declined' as const }, sam],
    ['text', { ...answer, text: 'Agreed, with thanks.' }, sam],
    ['person', answer, { ...sam, actor: 'sue' }],
  ])('with another %s is refused: there is one', (_field, other, world) =>
    given(made, answered).when(other, world).thenRefused('ALREADY_ANSWERED', 'recommendation'),
  );
  it('to none is refused', () => given().when(answer, sam).thenRefused('RECOMMENDATION_UNKNOWN', 'recommendation'));
  it('by who has not proved anew who they are is refused', () =>
    given(made)
      .when(answer, { ...sam, proof: undefined })
      .thenRefused('REAUTHENTICATION_REQUIRED', 'reauthentication'));
  it('does not let the recommendation be made again otherwise', () =>
    given(made, answered)
      .when({ ...make, advice: 'stop' })
      .thenRefused('RECOMMENDATION_EXISTS', 'recommendation'));
});

it('what is signed says all of the command and nothing else', () => {
  expect(signedText(make)).toBe(
    '{"advice":"continue","cut":"C1","meaning":"approval","recommendation":"R1","text":"Go on as planned.","trial":"t","type":"makeRecommendation"}',
  );
});
