import type { Pack } from "./_pack.ts";

/** Something that happened, as the file has it: a restart, a release, a fault that was injected. */
export interface StoredEvent {
  readonly time: number;
  readonly endTime: number | undefined;
  readonly kind: string;
  readonly text: string;
  /** JSON. */
  readonly labels: string;
}

/** All that a store knows: what its file is made of, and what is read of it. */
export interface StoreContent {
  /** Number of the first segment of the journal that is not in. */
  readonly firstSegment: number;
  readonly series: readonly { readonly id: number; readonly key: string; readonly rawFrom: number }[];
  readonly pack: Pack;
  readonly state: readonly (readonly [name: string, json: string])[];
  readonly events: readonly StoredEvent[];
}
