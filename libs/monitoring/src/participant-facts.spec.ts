import { describe, expect, it } from '@jest/globals';
import { factsAt, lastChange } from './moment.js';
import { type ParticipantFacts, participantsProjection } from './participant-facts.js';
import { specimenId } from './specimen.js';

const fold = (upTo = Infinity): ParticipantFacts =>
  participantsProjection.specimen
    .slice(0, upTo)
    .reduce<ParticipantFacts | undefined>(
      (document, event) => participantsProjection.evolve(document, event),
      undefined,
    )!;

describe('the facts about a participant', () => {
  it('are one document for each participant of a trial', () => {
    expect(participantsProjection.specimen.map((event) => participantsProjection.keyOf(event))).toEqual(
      participantsProjection.specimen.map(() => ({ scope: 'trial', id: 'participant' })),
    );
  });

  it('have a specimen of every event that they are made of', () => {
    expect(new Set(participantsProjection.specimen.map((event) => event.type))).toEqual(
      new Set(participantsProjection.eventTypes),
    );
  });

  it('say what happened, when, and when it was recorded', () => {
    expect(fold(5).facts.map(({ kind, occurredAt }) => [kind, occurredAt])).toEqual([
      ['referred', 0],
      ['randomised', 60_000],
      ['allocated', 120_000],
      ['contact', 180_000],
      ['discharged', 240_000],
    ]);
    expect(fold(5).facts[3]).toEqual({
      kind: 'contact',
      event: specimenId(3),
      occurredAt: 180_000,
      recordedAt: 180_000 + 3_600_000,
      setting: 'ward',
      mode: 'face_to_face',
      outcome: 'attended',
    });
  });

  it('keep a voided fact, with the time of its first void', () => {
    const before = fold(7);
    const after = fold(10);
    expect(after.facts).toHaveLength(before.facts.length);
    expect(after.facts[5]).toEqual({ ...before.facts[5], voidedAt: participantsProjection.specimen[7]!.recordedAt });
    expect(after.facts.filter((fact) => fact.voidedAt !== undefined)).toHaveLength(1);
  });

  it('of an amended record are its versions: what it was until then, and what it is from then on', () => {
    const { specimen } = participantsProjection;
    const amendedAt = (index: number) => specimen[index]!.recordedAt;
    const versions = fold().facts.flatMap((fact) =>
      fact.kind === 'contact' && fact.setting === 'ward'
        ? [[fact.event, fact.mode, fact.outcome, fact.occurredAt, fact.recordedAt, fact.voidedAt]]
        : [],
    );
    expect(versions).toEqual([
      [specimenId(3), 'face_to_face', 'attended', 180_000, amendedAt(3), amendedAt(11)],
      [specimenId(11), 'face_to_face', 'on_leave', 0, amendedAt(11), amendedAt(12)],
      [specimenId(12), 'text', 'attended', 0, amendedAt(12), amendedAt(13)],
    ]);
    // Of what is not kept here the amendment is not kept either.
    expect(fold().facts.filter(({ event }) => event === specimenId(14))).toEqual([]);
  });

  it('are plain JSON, and go on from what was stored as from what was folded', () => {
    const whole = fold();
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    let document = structuredClone(fold(7));
    for (const event of participantsProjection.specimen.slice(7)) {
      document = structuredClone(participantsProjection.evolve(document, event));
    }
    expect(document).toEqual(whole);
    expect(participantsProjection.evolve(undefined, participantsProjection.specimen[0]!).facts).toHaveLength(1);
  });

  it('count for a moment when they had happened, were recorded, and were not voided by then', () => {
    const { facts } = fold(10);
    const voided = facts[5]!;
    const at = (asOf: number, knownAt: number): boolean => factsAt(facts, { asOf, knownAt }).includes(voided);
    expect(at(voided.occurredAt, voided.recordedAt)).toBe(true);
    expect(at(voided.occurredAt - 1, Infinity)).toBe(false);
    expect(at(Infinity, voided.recordedAt - 1)).toBe(false);
    expect(at(Infinity, voided.voidedAt! - 1)).toBe(true);
    expect(at(Infinity, voided.voidedAt!)).toBe(false);
    expect(lastChange(facts)).toBe(voided.voidedAt);
  });
});
