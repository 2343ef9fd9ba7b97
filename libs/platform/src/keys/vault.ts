import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { KeysUnavailable } from './key-management.js';

/** Where a HashiCorp Vault or an OpenBao is, and as whom it is asked. */
export interface VaultSettings {
  /** As in `https://vault.example:8200`. */
  readonly address: string;
  readonly token: string;
  /** Of the Enterprise edition and of OpenBao. */
  readonly namespace?: string | undefined;
  /** Of one request, in milliseconds. */
  readonly timeoutMs?: number;
}

/** What was answered: a body of JSON, nothing, that there is no such thing, or that the request is not one. */
export type VaultAnswer =
  | { readonly kind: 'data'; readonly data: unknown }
  | { readonly kind: 'done' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused' };

const TIMEOUT_MS = 3_000;
/** Between one attempt and the next, in milliseconds. */
const RETRY_AFTER_MS = [50, 200];
/** Too many requests, a standby or sealed node, a gateway before it: another attempt may do. */
const PASSING = new Set([0, 412, 429, 472, 473, 500, 502, 503, 504]);

const Answer = z.object({ data: z.unknown() });

/** Requests to Vault's HTTP API. Neither a token nor a key is in what is thrown. */
export class Vault {
  constructor(
    private readonly settings: VaultSettings,
    private readonly request: typeof fetch = fetch,
  ) {}

  /**
   * @param path below `/v1/`, its parts encoded
   * @throws KeysUnavailable when Vault does not answer, or does not let us
   */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<VaultAnswer> {
    for (let attempt = 0; ; attempt++) {
      const status = await this.send(method, path, body);
      if (typeof status !== 'number') return status;
      const delay = RETRY_AFTER_MS[attempt];
      if (!PASSING.has(status) || delay === undefined) {
        throw new KeysUnavailable(status === 0 ? 'Vault does not answer' : `Vault answers with status ${status}`);
      }
      await wait(delay);
    }
  }

  /** @returns the status when it is no answer to what was asked; 0 when there was none */
  private async send(method: string, path: string, body: object | undefined): Promise<VaultAnswer | number> {
    const { address, token, namespace, timeoutMs = TIMEOUT_MS } = this.settings;
    try {
      const response = await this.request(`${address.replace(/\/$/, '')}/v1/${path}`, {
        method,
        headers: {
          'x-vault-token': token,
          'x-vault-request': 'true',
          ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status === 204) return { kind: 'done' };
      if (response.status === 200) {
        const read = Answer.safeParse(await response.json());
        return read.success ? { kind: 'data', data: read.data.data } : 0;
      }
      await response.body?.cancel();
      if (response.status === 404) return { kind: 'absent' };
      return response.status === 400 ? { kind: 'refused' } : response.status;
    } catch {
      return 0;
    }
  }
}
