import type { Alert } from '@cairn/signals';

const frames = new WeakMap<Alert, string>();

/** An alert as a server-sent event. Made once for all who follow: everybody is sent the same bytes. */
export function alertFrame(alert: Alert): string {
  let frame = frames.get(alert);
  if (frame === undefined) {
    frame = `id: ${alert.id}\nevent: ${alert.type}\ndata: ${JSON.stringify(alert)}\n\n`;
    frames.set(alert, frame);
  }
  return frame;
}
