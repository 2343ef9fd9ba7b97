import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Instant } from '@cairn/event-sourcing';
import { Webhook } from 'standardwebhooks';
import type { EgressGuard, EgressRefusal, HostAddress } from './egress-guard.js';

/** What is sent, and where. */
export interface WebhookMessage {
  readonly url: string;
  /** The same at every attempt. */
  readonly id: string;
  /** A CloudEvent as JSON. */
  readonly body: string;
  /** `whsec_…`, each of which signs it; the current one first. */
  readonly secrets: readonly string[];
}

/** What became of one attempt. */
export type WebhookOutcome =
  | { readonly kind: 'delivered'; readonly status: number }
  /** 410: the recipient is not there any more. */
  | { readonly kind: 'gone'; readonly status: number }
  /** 3xx. It is never followed: where it leads was not what somebody subscribed for, and might be inside. */
  | { readonly kind: 'redirected'; readonly status: number }
  /** Any other answer. @property retryAfterMs how long the recipient asks to be left alone */
  | { readonly kind: 'rejected'; readonly status: number; readonly retryAfterMs?: number }
  /** Nothing was sent. */
  | { readonly kind: 'refused'; readonly why: EgressRefusal }
  | { readonly kind: 'unreachable'; readonly why: 'name' | 'connection' | 'certificate' | 'time' };

/** Nothing was sent: by the time at which it could be, whoever asked did not want it any more. */
export class Withheld extends Error {
  override readonly name = 'Withheld';
}

/** What of an answer is read at the most; nothing in it is used. */
const ANSWER_BYTES = 64 * 1024;
/** From the first look at the name to the end of the answer. */
const TIMEOUT_MS = 15_000;

/** Sends signed messages as Standard Webhooks has them, to where the guard lets them go. */
export class WebhookSender {
  constructor(
    private readonly guard: EgressGuard,
    private readonly clock: () => Instant = Date.now,
    private readonly timeoutMs: number = TIMEOUT_MS,
  ) {}

  /** What speaks against a URL before anything is sent to it; undefined: nothing. */
  fault(url: string): EgressRefusal | undefined {
    return this.guard.fault(url);
  }

  /**
   * One attempt, which is over in 15 seconds.
   * @param stopping ends it before
   * @param mayStill asked when the connection is there, right before the first byte of the message is written
   * @throws Withheld when it may not any more, and nothing else
   */
  async send(message: WebhookMessage, stopping?: AbortSignal, mayStill?: () => boolean): Promise<WebhookOutcome> {
    const late = AbortSignal.timeout(this.timeoutMs);
    const signal = stopping ? AbortSignal.any([late, stopping]) : late;
    const aborted = new Promise<WebhookOutcome>((resolve) =>
      signal.addEventListener('abort', () => resolve({ kind: 'unreachable', why: 'time' }), { once: true }),
    );
    return Promise.race([this.attempt(message, signal, mayStill), aborted]);
  }

  private async attempt(
    message: WebhookMessage,
    signal: AbortSignal,
    mayStill: () => boolean = () => true,
  ): Promise<WebhookOutcome> {
    const destination = await this.guard.destination(message.url);
    switch (destination.kind) {
      case 'refused':
        return destination;
      case 'unresolved':
        return { kind: 'unreachable', why: 'name' };
      case 'allowed':
        return this.post(message, destination.addresses, signal, mayStill).catch(unreachable);
      default:
        return destination satisfies never;
    }
  }

  private post(
    { url, id, body, secrets }: WebhookMessage,
    addresses: readonly [HostAddress, ...HostAddress[]],
    signal: AbortSignal,
    mayStill: () => boolean,
  ): Promise<WebhookOutcome> {
    const now = this.clock();
    const client = url.startsWith('https:') ? https : http;
    // Of its own: what the environment says of proxies is not for these connections.
    const agent = new client.Agent({ keepAlive: false });
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'cairn-webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1_000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, new Date(now), body)).join(' '),
    };
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers, agent, signal, lookup: onlyTo(addresses), maxHeaderSize: 16 * 1024 };
      const request = client.request(url, options, (answer) => {
        resolve(outcomeOf(answer, now));
        let read = 0;
        answer.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read > ANSWER_BYTES) answer.destroy();
        });
        answer.on('error', () => undefined);
      });
      request.on('error', reject);
      // Not before it is connected: until then this process may have been stopped for any length of time.
      request.once('socket', (socket) =>
        socket.once(client === https ? 'secureConnect' : 'connect', () => {
          if (mayStill()) request.end(body);
          else request.destroy(new Withheld('it is not for this process any more'));
        }),
      );
    });
  }
}

/** Whatever a name leads to by now: these addresses were checked. */
const onlyTo =
  (addresses: readonly [HostAddress, ...HostAddress[]]): LookupFunction =>
  (_host, { all }, found) => {
    if (all) found(null, [...addresses]);
    else found(null, addresses[0].address, addresses[0].family);
  };

function outcomeOf({ statusCode: status = 0, headers }: http.IncomingMessage, now: Instant): WebhookOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status >= 300 && status < 400) return { kind: 'redirected', status };
  if (status === 410) return { kind: 'gone', status };
  const retryAfterMs = readRetryAfter(headers['retry-after'], now);
  return { kind: 'rejected', status, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** RFC 9110 10.2.3: seconds, or a date. */
function readRetryAfter(text: string | undefined, now: Instant): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Engines read dates out of almost anything; of HTTP they all end so.
  const until = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.max(0, until - now);
}

function unreachable(error: unknown): WebhookOutcome {
  if (error instanceof Withheld) throw error;
  const { code = '', name = '' } = error as { readonly code?: string; readonly name?: string };
  if (name === 'AbortError') return { kind: 'unreachable', why: 'time' };
  const isOfTls = /CERT|ERR_TLS|SSL|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME/.test(code);
  return { kind: 'unreachable', why: isOfTls ? 'certificate' : 'connection' };
}
