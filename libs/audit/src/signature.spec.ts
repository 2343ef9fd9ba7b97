import { specFor } from '@cairn/event-sourcing/spec';
import type { SignatureEvent } from './events.js';
import { signatureDecider } from './signature.js';

const now = Date.parse('2018-06-01T12:00:00Z');
const event = '9556d166-cad8-56e5-97da-e6402c2293e9';
const contentHash = 'ab'.repeat(32);
const world = { now, actor: 'ann', proof: { name: 'Ann Example', authenticatedAt: now - 5_000 }, contentHash };
const { given } = specFor(signatureDecider, world);

const sign = { type: 'signContent', trial: 't', signature: 's1', event, meaning: 'approval' } as const;
const signed: SignatureEvent = {
  type: 'ContentSigned',
  occurredAt: now,
  data: {
    trial: 't',
    signature: 's1',
    subject: { kind: 'record', event },
    person: 'ann',
    name: 'Ann Example',
    meaning: 'approval',
    authenticatedAt: '2018-06-01T11:59:55.000Z',
    contentHash,
  },
};

describe('a signature', () => {
  it('says who, when, what it means, and of what', () => given().when(sign).then(signed));
  it('of a cut names it', () =>
    given()
      .when({ type: 'signContent', trial: 't', signature: 's1', cut: 'c1', meaning: 'approval' })
      .then({ ...signed, data: { ...signed.data, subject: { kind: 'cut', cut: 'c1' } } }));
  it('given again is given', () => given(signed).when(sign, { now, actor: 'ann' }).then());
  it('under the id of another is refused', () => {
    given(signed)
      .when(sign, { ...world, actor: 'bob' })
      .thenRefused('SIGNATURE_EXISTS', 'signature');
    given(signed)
      .when({ ...sign, meaning: 'review' })
      .thenRefused('SIGNATURE_EXISTS', 'signature');
  });
  it('takes somebody who has just proved who they are', () =>
    given()
      .when(sign, { now, actor: 'ann', contentHash })
      .thenRefused('REAUTHENTICATION_REQUIRED', 'reauthentication'));
  it('takes something to sign', () =>
    given()
      .when(sign, { ...world, contentHash: undefined })
      .thenRefused('SUBJECT_UNKNOWN', 'event'));
});
