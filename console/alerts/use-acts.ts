import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useText } from '../i18n/language.tsx';
import { useToast } from '../parts/toasts.tsx';
import { type Act, oppositeActs, sendAct } from './change.ts';

/** An act that met a newer state, waiting for the reader to decide again. */
export interface Conflict {
  readonly act: Act;
  /** Only those that changed meanwhile. */
  readonly changed: readonly AlertRow[];
  readonly fresh: readonly AlertRow[];
}

export type ActOutcome = 'done' | 'conflict' | 'failed';

export interface Acts {
  readonly busy: boolean;
  readonly conflict: Conflict | undefined;
  /** Why the last act failed, for the dialog that sent it. */
  readonly error: unknown;
  act(rows: readonly AlertRow[], act: Act): Promise<ActOutcome>;
  /** Owner becomes `user`; what was new is in progress from now. */
  assign(rows: readonly AlertRow[], user: string): Promise<ActOutcome>;
  dropConflict(): void;
}

/** The most rows of one act, as the API takes them. */
export const MOST_ROWS = 500;

/** Acting on alerts with undo and visible conflicts; `changed` hears the rows as they came back. */
export function useActs(changed: (rows: readonly AlertRow[]) => void): Acts {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState<Conflict>();
  const [error, setError] = useState<unknown>();

  const heard = (rows: readonly AlertRow[]): void => {
    changed(rows);
    for (const { id } of rows) queries.invalidateQueries({ queryKey: ['alert', id] });
  };

  const perform = async (
    parts: readonly { rows: readonly AlertRow[]; act: Act }[],
    undoing: boolean,
  ): Promise<ActOutcome> => {
    const done: { before: readonly AlertRow[]; after: readonly AlertRow[]; act: Act }[] = [];
    setBusy(true);
    setError(undefined);
    let ended: ActOutcome = 'done';
    try {
      for (const { rows, act } of parts.filter((part) => part.rows.length > 0)) {
        const outcome = await sendAct(rows, act);
        if (outcome.kind === 'done') {
          done.push({ before: rows, after: outcome.rows, act });
          heard(outcome.rows);
          continue;
        }
        const sent = new Map(rows.map((row) => [row.id, row.version]));
        const newer = outcome.fresh.filter(({ id, version }) => sent.get(id) !== version);
        heard(outcome.fresh);
        // What became part of another alert cannot be acted on again.
        setConflict({ act, changed: newer, fresh: outcome.fresh.filter(({ status }) => status !== 'merged') });
        ended = 'conflict';
        break;
      }
    } catch (problem) {
      setError(problem);
      toast({ text: '', error: problem });
      ended = 'failed';
    } finally {
      setBusy(false);
    }
    const back = undoing ? [] : done.flatMap(({ before, after, act }) => oppositeActs(before, after, act));
    const count = done.reduce((sum, { after }) => sum + after.length, 0);
    if (count > 0 && ended === 'done') {
      const text = t(undoing ? 'act.undone' : 'act.done', { count });
      toast(back.length === 0 ? { text } : { text, undo: () => perform(back, true) });
    }
    return ended;
  };

  return {
    busy,
    conflict,
    error,
    act: (rows, act) => perform([{ rows, act }], false),
    assign: (rows, user) => {
      const fresh = rows.filter(({ status }) => status === 'new');
      const rest = rows.filter(({ status }) => status !== 'new');
      const parts = [
        { rows: fresh, act: { owner: user, status: 'in_progress' } satisfies Act },
        { rows: rest, act: { owner: user } satisfies Act },
      ];
      return perform(
        parts.filter((part) => part.rows.length > 0),
        false,
      );
    },
    dropConflict: () => setConflict(undefined),
  };
}
