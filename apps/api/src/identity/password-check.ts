import { type IssuerFile, matchesPassword } from '@cairn/platform/identity';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

type Person = IssuerFile['people'][number];

/** Tries in five minutes: from one address, for one person, and of everybody together, since each try costs a processor. */
const WITHIN = 300;
const TRIES = { address: 30, person: 20, everybody: 600 };

/** Tells who gave the right password, slowly enough that it cannot be guessed. */
export class PasswordCheck {
  private readonly byAddress = new RateLimiterMemory({ points: TRIES.address, duration: WITHIN });
  private readonly byPerson = new RateLimiterMemory({ points: TRIES.person, duration: WITHIN });
  private readonly all = new RateLimiterMemory({ points: TRIES.everybody, duration: WITHIN });

  constructor(private readonly people: readonly Person[]) {}

  /** @returns `too many` without having looked, whether or not the password is right */
  async check(address: string, person: string, password: string): Promise<Person | 'wrong' | 'too many'> {
    try {
      await this.byAddress.consume(address);
      await this.byPerson.consume(person);
      await this.all.consume('everybody');
    } catch (error) {
      if (error instanceof RateLimiterRes) return 'too many';
      throw error;
    }
    const known = this.people.find((each) => each.person === person);
    // Somebody who is not known takes as long as somebody who is.
    if (!(await matchesPassword(password, known?.password)) || !known) return 'wrong';
    await this.byPerson.delete(person);
    return known;
  }
}
