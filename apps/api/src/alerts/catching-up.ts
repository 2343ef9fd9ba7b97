/**
 * How those of one tenant who are behind come on: one after the other, a page of the log at a time and a few alerts at a
 * turn. Thousands of them ask the database no more than one does, and what they are handed between two turns does not grow
 * with their number, so that those who are not behind wait for a few alerts at the most. Nobody has a place here who is
 * not asking: one who reads nothing is in nobody's way.
 */
export class CatchingUp {
  private lastPage: Promise<unknown> = Promise.resolve();
  private lastTurn: Promise<unknown> = Promise.resolve();

  /** @param turn waited for before each page, and before a few alerts of one are handed out */
  constructor(private readonly turn: () => Promise<void>) {}

  /** Reads a page when those before it have been read. @throws the error of the reading, which the next one is spared */
  page<Page>(read: () => Promise<Page>): Promise<Page> {
    const page = this.lastPage.then(() => this.turn()).then(read);
    this.lastPage = page.catch(() => undefined);
    return page;
  }

  /** Waits until a few alerts may be handed out. */
  handingOut(): Promise<void> {
    const turn = this.lastTurn.then(() => this.turn());
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }
}
