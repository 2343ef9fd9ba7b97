import type net from 'node:net';
import type pg from 'pg';

/**
 * Ends a connection that has been silent for so long although an answer is due: behind a network that swallows packets nobody
 * would be told for a quarter of an hour. Whoever waits is told that the connection was terminated, and may ask again on another.
 * @param ms longer than a statement may take that says nothing meanwhile
 */
export function endWhenSilent(client: pg.ClientBase, ms: number): void {
  const { connection } = client as unknown as Driver;
  connection.stream.setTimeout(ms, () => {
    if (!(client as unknown as Driver).readyForQuery) connection.stream.destroy();
  });
}

/** What the driver has, and does not declare. */
interface Driver {
  readonly connection: { readonly stream: net.Socket };
  /** Whether no statement is under way. */
  readonly readyForQuery: boolean;
}
