export interface ShiftEntryRecord {
  readonly at: string;
  readonly by: string;
  readonly kind: 'note' | 'handover';
  readonly text: string;
  /** Open alerts handed over, with the note for the next shift. */
  readonly alerts: readonly string[];
  readonly to: string | null;
  readonly acceptedAt: string | null;
  readonly acceptedBy: string | null;
}
