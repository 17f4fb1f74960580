import type { StoredIncident } from '../incidents/incidents.ts';
import { detectionOf } from '../incidents/merge.ts';
import type { Recipient } from '../sharing/settings.ts';
import type { RecordView } from '../store/record-store.ts';
import type { ClockFacts, ClockMark, ReportFact } from './state.ts';

/** Incidents merged into one whose reports count for it; of more the later ones are not looked at. */
const MOST_MERGED = 50;

/** All that the clocks of an incident depend on. What was reported of an incident that became part of it was reported. */
export async function factsOf(
  { id, document }: StoredIncident,
  marks: readonly ClockMark[],
  { view, recipients }: { readonly view: RecordView; readonly recipients: readonly Recipient[] },
): Promise<ClockFacts> {
  const { severity, rsit, status, outcome, closedAt, merged } = document;
  const ids = [id, ...merged.slice(0, MOST_MERGED).map((one) => one.id)];
  const { records } = await view.find('sharing', { where: { incident: ids }, limit: 500 });
  const reports = records.flatMap(({ document: { recipient, versions } }): ReportFact[] => {
    const known = recipients.find((one) => one.id === recipient);
    return versions.flatMap(({ number, minimal, delivered, handReceipt }): ReportFact[] => {
      // What is in a file is with nobody yet: only the receipt says that it was carried.
      const isCarried = known?.channel.kind === 'archive';
      const at = isCarried ? handReceipt?.at : delivered && delivered.accepted > 0 ? delivered.at : handReceipt?.at;
      return at === undefined ? [] : [{ recipient, recipientName: known?.name ?? recipient, number, at, minimal }];
    });
  });
  return { severity, rsit, status, outcome, detectedAt: detectionOf(document), closedAt, reports, marks };
}
