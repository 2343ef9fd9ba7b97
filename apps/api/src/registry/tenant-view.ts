import type { TenantId } from '@cairn/event-sourcing';

/** A tenant that is being answered about. */
export interface TenantView {
  readonly id: TenantId;
  readonly name: string;
}
