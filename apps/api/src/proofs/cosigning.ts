import { type VerifierKey, type WitnessEvent, witnessEventTypes, witnessStream, type WitnessWorld } from '@cairn/audit';
import { EventCatalogue, type EventStore, streamName, type TenantId } from '@cairn/event-sourcing';
import type { MerkleProofs } from './merkle-proofs.js';

const catalogue = new EventCatalogue(witnessEventTypes);

/** What witnesses say of a trial's checkpoints. */
export class Cosigning {
  /** @param witnesses whose cosignatures are taken */
  constructor(
    private readonly proofs: MerkleProofs,
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly witnesses: readonly VerifierKey[],
  ) {}

  /** What a cosignature is judged by. */
  async of(
    tenant: TenantId,
    { trial, size }: { readonly trial: string; readonly size: number },
  ): Promise<Pick<WitnessWorld, 'checkpoint' | 'witnesses'>> {
    const head = await this.proofs.head(tenant, streamName(trial), size);
    return { checkpoint: head?.size === size ? head.signed.text : undefined, witnesses: this.witnesses };
  }

  /** The signature lines of witnesses that were given of a checkpoint, in the order in which they came. */
  async lines(tenant: TenantId, trial: string, size: number): Promise<readonly string[]> {
    const events = await this.store.readStream(tenant, witnessStream(trial));
    return events
      .map((event) => (catalogue.decode(event) as unknown as WitnessEvent).data)
      .filter((data) => data.size === size)
      .map(({ cosignature }) => cosignature);
  }
}
