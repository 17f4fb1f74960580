import type { ObjectReceipt, Progress } from '../record.ts';

/** One frozen version on its way. */
export interface Shipment {
  readonly incident: string;
  readonly recipient: string;
  readonly number: number;
  /** The frozen bytes, as they were approved. */
  readonly body: string;
  readonly sha256: string;
  /** Detached JWS over them. */
  readonly signature: string;
  /** Whether some of it may have come in an attempt that was given up, of this version or of one before. */
  readonly mayBeThere: boolean;
  /** What the channel kept last of this version; null at first. */
  readonly progress: Progress | null;
}

/** What a channel may ask for while it sends. */
export interface Voyage {
  /** Right before what cannot be taken back. @throws HaidangError `HD_LEASE_LOST` where another server sends now */
  check(): Promise<void>;
  /** Keeps how far it got, durably: after a crash `deliver` is called with it again. */
  keep(progress: Progress): Promise<void>;
  /** `id version` of the objects of the incident that this recipient took, as its receipts say. */
  taken(): Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
}

/** How an attempt ended. */
export type Delivery =
  | {
      readonly outcome: 'delivered';
      readonly objects: readonly ObjectReceipt[];
      readonly references: readonly string[];
    }
  /** Nothing is wrong yet, the recipient is at it: asked again after a while. */
  | { readonly outcome: 'working'; readonly afterMs: number }
  /** It did not work, and may later. */
  | { readonly outcome: 'later'; readonly reason: string; readonly afterMs?: number }
  /** It will not work: a person must look. */
  | {
      readonly outcome: 'refused';
      readonly reason: string;
      readonly objects?: readonly ObjectReceipt[];
      readonly references?: readonly string[];
    };

/** A way to a recipient. Delivering the same version again, whole or from any progress, changes nothing there. */
export interface Channel {
  deliver(shipment: Shipment, voyage: Voyage): Promise<Delivery>;
  close(): void;
}
