import type { AlertChanges, AlertChangesAnswer, AlertDetail, AlertRow } from '../../server/alerts/schema.ts';
import { getJson, isProblem, postJson } from '../api/client.ts';

/** What one act changes; what is absent stays as it is. */
export type Act = Pick<AlertChanges, 'status' | 'verdict' | 'owner' | 'note'>;

export type Outcome =
  | { readonly kind: 'done'; readonly rows: readonly AlertRow[] }
  /** Somebody was faster: `fresh` are the rows as they are now. Nothing was changed. */
  | { readonly kind: 'conflict'; readonly fresh: readonly AlertRow[] };

const FRESH_AT_ONCE = 8;

async function freshRows(rows: readonly AlertRow[]): Promise<AlertRow[]> {
  const fresh: AlertRow[] = [];
  for (let from = 0; from < rows.length; from += FRESH_AT_ONCE) {
    const part = rows.slice(from, from + FRESH_AT_ONCE);
    const answers = await Promise.all(
      part.map(({ id }) => getJson<AlertDetail>(`/alerts/${encodeURIComponent(id)}`).catch(() => undefined)),
    );
    for (const answer of answers) if (answer) fresh.push(answer.alert);
  }
  return fresh;
}

/** Sends one act on rows; all change or none. Throws ProblemError for all but a conflict. */
export async function sendAct(rows: readonly AlertRow[], act: Act): Promise<Outcome> {
  const body: AlertChanges = { alerts: rows.map(({ id, version }) => ({ id, version })), ...act };
  try {
    return { kind: 'done', rows: (await postJson<AlertChangesAnswer>('/alerts/changes', body)).alerts };
  } catch (error) {
    if (!isProblem(error, 'HD_RECORD_CONFLICT')) throw error;
    return { kind: 'conflict', fresh: await freshRows(rows) };
  }
}

/**
 * The acts that take one back: rows that were alike before go together. A note cannot be taken back; an act that was a
 * note alone gives none.
 */
export function oppositeActs(
  before: readonly AlertRow[],
  after: readonly AlertRow[],
  act: Act,
): readonly { readonly rows: readonly AlertRow[]; readonly act: Act }[] {
  const changed = new Map(after.map((row) => [row.id, row]));
  const groups = new Map<string, { rows: AlertRow[]; act: Act }>();
  for (const old of before) {
    const row = changed.get(old.id);
    const back: Act = {
      ...(act.status !== undefined && old.status !== 'merged' ? { status: old.status } : {}),
      ...(act.verdict !== undefined || act.status !== undefined ? { verdict: old.verdict } : {}),
      ...(act.owner !== undefined ? { owner: old.owner } : {}),
    };
    if (!row || Object.keys(back).length === 0) continue;
    const key = JSON.stringify(back);
    const group = groups.get(key) ?? { rows: [], act: back };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}
