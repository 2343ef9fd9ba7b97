import type { FanOut } from '@cairn/platform';
import pg from 'pg';
import { eventually } from '../support/launched-cairn.js';

/** What carries hints in a test. */
export interface FanOutUnderTest {
  /** One for each process that there would be; the contract closes it. */
  open(): FanOut;
  /** Nothing is carried from now on, and whoever carried it is gone for all who are connected. */
  cutOff(): Promise<void>;
  restore(): Promise<void>;
}

/** Somebody who listens to a topic and remembers all that they were told. */
class Listening {
  readonly heard: string[] = [];
  connects = 0;

  constructor(fanOut: FanOut, topic: 'appended' | 'projected') {
    fanOut.listen(topic, { heard: (message) => this.heard.push(message), connected: () => this.connects++ });
  }

  connected(times = 1): Promise<void> {
    return eventually(`it is connected for the ${times}. time`, () => this.connects >= times);
  }

  /** Until a message comes, which somebody is made to announce again and again where that is given. */
  hears(message: string, again?: () => Promise<void>): Promise<void> {
    return eventually(`${message} is heard`, async () => {
      await again?.();
      return this.heard.includes(message);
    });
  }
}

/** What every fan-out keeps. @param databaseUrl of any database, for transactions */
export function describeFanOut(name: string, underTest: () => FanOutUnderTest, databaseUrl: () => string): void {
  describe(name, () => {
    const opened: FanOut[] = [];
    const open = (): FanOut => {
      const fanOut = underTest().open();
      opened.push(fanOut);
      return fanOut;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((fanOut) => fanOut.close()));
    });

    it('what one process announces, all others hear, and not itself', async () => {
      const [announcing, near, far] = [open(), open(), open()];
      const listening = [announcing, near, far].map((fanOut) => new Listening(fanOut, 'appended'));
      await Promise.all(listening.map((each) => each.connected()));
      expect([announcing.hears, near.hears, far.hears]).toEqual([true, true, true]);
      await announcing.announce('appended', ['anna', 'ben', 'Čeněk & 雪']);
      await Promise.all(listening.slice(1).map((each) => each.hears('Čeněk & 雪')));
      expect(listening.map(({ heard }) => heard)).toEqual([
        [],
        ['anna', 'ben', 'Čeněk & 雪'],
        ['anna', 'ben', 'Čeněk & 雪'],
      ]);
    });

    it('topics are apart, and whoever has ended hears nothing', async () => {
      const [announcing, other] = [open(), open()];
      const appended = new Listening(other, 'appended');
      const projected = new Listening(other, 'projected');
      await Promise.all([appended.connected(), projected.connected()]);
      let ended = 0;
      other.listen('projected', { heard: () => ended++, connected: () => undefined })();
      await announcing.announce('projected', ['p']);
      await announcing.announce('appended', ['a']);
      await Promise.all([appended.hears('a'), projected.hears('p')]);
      expect([appended.heard, projected.heard, ended]).toEqual([['a'], ['p'], 0]);
    });

    it('what a transaction brings is announced when it has committed, and never when it has not', async () => {
      const [announcing, other] = [open(), open()];
      const listening = new Listening(other, 'projected');
      await listening.connected();
      const client = new pg.Client({ connectionString: databaseUrl() });
      await client.connect();
      for (const end of ['rollback', 'commit']) {
        await client.query('begin');
        const announce = await announcing.announceOnCommit(client, 'projected', end);
        await client.query(end);
        if (end === 'commit') announce();
      }
      await client.end();
      await listening.hears('commit');
      expect(listening.heard).toEqual(['commit']);
    });

    it('a cut ends by itself, whoever listens is told, and nobody who announces ever fails or waits for long', async () => {
      const [announcing, other] = [open(), open()];
      const listening = new Listening(other, 'appended');
      await listening.connected();
      await underTest().cutOff();
      await eventually('it knows that it hears nothing', () => !other.hears);
      const began = performance.now();
      // Not waited for by anybody, and not lost on anybody either.
      const lost = announcing.announce('appended', ['lost']);
      expect(performance.now() - began).toBeLessThan(1_000);
      await underTest().restore();
      const { connects } = listening;
      await eventually('it hears again', () => other.hears);
      await listening.connected(connects);
      await listening.hears('again', () => announcing.announce('appended', ['again']));
      await lost;
      expect(listening.connects).toBeGreaterThan(1);
    }, 120_000);
  });
}
