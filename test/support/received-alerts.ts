import { setTimeout as pause } from 'node:timers/promises';
import type { Alert } from '@cairn/signals';

/** Alerts as they came in, the same one again left out. */
export class ReceivedAlerts {
  private readonly seen = new Set<string>();
  readonly first: Alert[] = [];
  /** All that came, the same again counted again. */
  times = 0;

  take(alert: Alert): void {
    this.times++;
    if (this.seen.has(alert.id)) return;
    this.seen.add(alert.id);
    this.first.push(alert);
  }

  ofTrial(trial: string): readonly string[] {
    return this.first.filter(({ data }) => data.trial === trial).map(({ id }) => id);
  }

  /** Of one site in the order in which they came first. */
  ofSite(trial: string, site: string): readonly string[] {
    return this.first.filter(({ data }) => data.trial === trial && data.site === site).map(({ id }) => id);
  }
}

/**
 * Follows a trial's alerts as server-sent events from before the first one, and after a cut from the last that came.
 * @param begun called when the stream is open
 */
export async function followAlerts({
  url,
  token,
  begun,
  take,
  signal,
}: {
  /** Where it is followed; asked for again after a cut. */
  readonly url: string | (() => string);
  readonly token: string;
  readonly begun: () => void;
  readonly take: (alert: Alert) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const headers = { authorization: `Bearer ${token}`, ...(last !== undefined && { 'last-event-id': last }) };
      const response = await fetch(typeof url === 'string' ? url : url(), { headers, signal });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      begun();
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const frames = (text + chunk).split('\n\n');
        text = frames.pop()!;
        for (const frame of frames) {
          const data = /^data: (.*)$/m.exec(frame)?.[1];
          if (data === undefined) continue;
          const alert = JSON.parse(data) as Alert;
          take(alert);
          last = alert.id;
        }
      }
    } catch {
      // Cut off, or not there for a while: it comes back.
    }
    await pause(50, undefined, { signal }).catch(() => undefined);
  }
}
