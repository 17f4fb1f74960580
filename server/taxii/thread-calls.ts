import type { Destination } from './add-envelope.ts';
import type { ObjectFilter, PageRequest } from './filter.ts';

/** What the threads of the TAXII store are started with. */
export interface ThreadSetup {
  readonly file: string;
}

/** A page is asked for as one of these. */
export type PageForm = 'objects' | 'manifest' | 'versions';

export interface PageCall {
  readonly collection: number;
  readonly request: PageRequest;
  readonly form: PageForm;
  /** The object that must be there, in any version: else there is none such. */
  readonly object?: string;
}

/** A page as it goes out; times as TAXII writes them, undefined where the page is empty. */
export interface PageAnswer {
  readonly body: Uint8Array;
  readonly first: string | undefined;
  readonly last: string | undefined;
}

export interface AddCall {
  readonly to: Destination;
  readonly body: Uint8Array;
  readonly nowMs: number;
}

export interface AddAnswer {
  /** The status resource. */
  readonly body: string;
  readonly id: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Media types that the collection did not list. */
  readonly changed: boolean;
}

export interface DeleteCall {
  readonly collection: number;
  readonly account: number;
  readonly filter: ObjectFilter;
}

export interface LoadCall {
  /** Absolute path. */
  readonly path: string;
  /** Passwords in the clear, by account. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly nowMs: number;
}
