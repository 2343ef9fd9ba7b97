import { setTimeout as wait } from 'node:timers/promises';

/** What happens to one append. `refuse` and `lose` both end in UNAVAILABLE; only after `lose` the events are stored. */
export type AppendFault = 'store' | 'refuse' | 'lose' | 'forget';

/** What is wrong with a server that is not one. All may be changed while it runs. */
export class Faults {
  /** Every call ends with UNAVAILABLE, as from a server that starts or stops. */
  unavailable = false;
  /** Milliseconds before each call is looked at. */
  delay = 0;
  /** Milliseconds between storing an append and answering it. */
  answerDelay = 0;
  /** Every call ends with PERMISSION_DENIED. */
  accessDenied = false;
  /** Asked for each append, with its stream. `forget` acknowledges without storing: no server may do that. */
  onAppend: (stream: string) => AppendFault = () => 'store';
  private hanging: Promise<void> | undefined;
  private goOn: (() => void) | undefined;

  /** While true, calls are taken and not answered; when it ends, they go on. */
  get hang(): boolean {
    return this.hanging !== undefined;
  }

  set hang(value: boolean) {
    if (value === this.hang) return;
    if (value) {
      this.hanging = new Promise((resolve) => (this.goOn = resolve));
    } else {
      this.hanging = undefined;
      this.goOn?.();
    }
  }

  /** No fault any more. */
  clear(): void {
    this.unavailable = this.accessDenied = this.hang = false;
    this.delay = this.answerDelay = 0;
    this.onAppend = () => 'store';
  }

  /** What every call goes through first. */
  async pass(): Promise<void> {
    if (this.delay > 0) await wait(this.delay);
    while (this.hanging) await this.hanging;
  }
}
