export const STORE_KINDS = ['postgres', 'kurrentdb'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

export interface MigrateStoreOptions {
  readonly from: StoreKind;
  readonly to: StoreKind;
  /** All tenants without it. */
  readonly tenant?: string;
}
