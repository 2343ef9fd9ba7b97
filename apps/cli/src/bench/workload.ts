import { randomUUID } from 'node:crypto';
import type { Contender, Payload } from './contenders/contender.js';
import type { Witness } from './witness.js';

/** Community meetings of about 280 bytes, as JSON. */
export const payloads: readonly Payload[] = Array.from({ length: 512 }, (_, index) => {
  const value = {
    trial: 'bench',
    participant: `S${1 + (index % 7)}-${String(index).padStart(4, '0')}`,
    worker: `S${1 + (index % 7)}PW${1 + (index % 5)}`,
    contact: `C${String(100_000 + index)}`,
    mode: 'face_to_face',
    outcome: 'attended',
    minutes: 15 + (index % 60),
    enteredAt: '2017-05-06T13:40:00+01:00',
    note: 'Walked to the library and back; talked about the week, and about joining the choir again.',
  };
  return { text: JSON.stringify(value), value };
});

/** Streams that the writers share out among themselves. */
export const STREAMS: readonly string[] = Array.from({ length: 2_048 }, (_, index) => `S${index % 7}_${index}`);
/** Streams that all writers write to at once, none of them knowing what the others do. */
const CONTESTED: readonly string[] = Array.from({ length: 8 }, (_, index) => `contested_${index}`);

/** A contender at work: its witness, and how far each of its streams has come. */
export class Run {
  readonly failures = new Map<string, number>();
  private readonly lengths = new Uint32Array(STREAMS.length);
  private sent = 0;

  constructor(
    readonly contender: Contender,
    readonly witness: Witness,
  ) {}

  /**
   * So many writers append one event at a time, each waiting for its answer. Every stream belongs to one writer, which
   * states the stream's length: an expectation that holds, always.
   * @param warmUp milliseconds that are not counted
   * @param measured milliseconds that are
   * @returns appends acknowledged per second
   */
  async appendKnown(writers: number, warmUp: number, measured: number): Promise<number> {
    const from = performance.now() + warmUp;
    const until = from + measured;
    let counted = 0;
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let turn = 0; performance.now() < until; turn++) {
          const own = Math.floor((STREAMS.length - 1 - writer) / writers) + 1;
          const stream = writer + (turn % own) * writers;
          if (!(await this.append(STREAMS[stream]!, this.lengths[stream]!))) continue;
          this.lengths[stream]!++;
          const now = performance.now();
          if (now >= from && now < until) counted++;
        }
      }),
    );
    return (counted / measured) * 1_000;
  }

  /** Writers that expect nothing, on a few streams: no refusal can be right. */
  async appendContested(writers: number, milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let turn = writer; performance.now() < until; turn++) {
          await this.append(CONTESTED[turn % CONTESTED.length]!, 'any');
        }
      }),
    );
  }

  private async append(stream: string, expected: number | 'any'): Promise<boolean> {
    const id = randomUUID();
    const began = this.witness.begins();
    try {
      const outcome = await this.contender.append({
        id,
        stream,
        expected,
        payload: payloads[this.sent++ % payloads.length]!,
      });
      if (outcome === 'appended') {
        this.witness.acknowledged(id, began);
        return true;
      }
    } catch (error) {
      const message = (error as Error).message;
      this.failures.set(message, (this.failures.get(message) ?? 0) + 1);
    }
    this.witness.rejected();
    return false;
  }
}
