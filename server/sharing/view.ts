import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { RecordView } from '../store/record-store.ts';
import type { SharedVersion } from './record.ts';
import type { RecipientRow, SharingRow, SharingSetup, VersionDetail, VersionRow } from './schema.ts';
import type { Recipient } from './settings.ts';
import type { StoredSharing, VersionName } from './share-records.ts';
import type { Sharing } from './sharing.ts';

/** Recipients, terms and the key, as people and recipients may see them: no addresses of files, no passwords. */
export function sharingSetup({ settings, duties, key }: Sharing): SharingSetup {
  const { reporterId, reporterName, recipients, clocks, preauthorised, aloneMinutes } = settings;
  return {
    reporter: { id: reporterId, name: reporterName },
    recipients: recipients.map(recipientRow),
    clocks: clocks.map((clock) => ({ ...clock, classes: [...clock.classes] })),
    preauthorised: preauthorised ? { severity: preauthorised.severity, classes: [...preauthorised.classes] } : null,
    aloneMinutes,
    twoPersons: duties.approval,
    key,
  };
}

/** One recipient. */
export function recipientRow({ id, name, tlp, channel }: Recipient): RecipientRow {
  return { id, name, tlp, channel: channel.kind };
}

/** Rows with the incidents' titles, as the reader may see them; what belongs to an incident that they may not see is left out. */
export async function sharingRows(
  found: readonly StoredSharing[],
  sharing: Sharing,
  view: RecordView,
): Promise<SharingRow[]> {
  const rows = await Promise.all(
    found.map(async ({ document }): Promise<SharingRow[]> => {
      const incident = await view.get('incident', document.incident);
      if (!incident) return [];
      const { settings } = sharing;
      const recipient = settings.recipients.find(({ id }) => id === document.recipient);
      const { deadline } = document;
      const alone = deadline === null ? null : Date.parse(deadline) - settings.aloneMinutes * 60_000;
      return [
        {
          incident: document.incident,
          title: incident.document.title,
          severity: incident.document.severity,
          recipient: document.recipient,
          recipientName: recipient?.name ?? document.recipient,
          channel: recipient?.channel.kind ?? null,
          dueAt: document.dueAt,
          deadline,
          aloneFrom: alone === null ? null : new Date(alone).toISOString(),
          twoPersons: sharing.duties.approval,
          updatedAt: document.updatedAt,
          versions: document.versions.map(versionRow),
        },
      ];
    }),
  );
  return rows.flat();
}

/** One version without what is the channel's own. */
export function versionRow(version: SharedVersion): VersionRow {
  const { signature: _, since: __, progress: ___, ...shown } = version;
  return shown;
}

/** One version with its bytes, its signature and its receipts. @throws HaidangError `HD_NOT_FOUND` */
export async function versionDetail(
  name: VersionName,
  { sharing, view, identity }: { readonly sharing: Sharing; readonly view: RecordView; readonly identity: Identity },
): Promise<VersionDetail> {
  const incident = await view.get('incident', name.incident);
  const found = incident && (await sharing.shares.get(name.incident, name.recipient));
  const version = found?.document.versions.find(({ number }) => number === name.number);
  const [share] = found ? await sharingRows([found], sharing, view) : [];
  if (!version || !share || !incident)
    throw new HaidangError('HD_NOT_FOUND', `There is no such version that ${identity.name} may see.`);
  const receipts = await sharing.shares.receipts(name);
  return {
    share,
    version: versionRow(version),
    body: await sharing.shares.body(name, version),
    signature: version.signature,
    changedSince: incident.document.revision !== version.revision,
    receipts: receipts
      ? { at: receipts.at, references: [...receipts.references], objects: [...receipts.objects] }
      : null,
  };
}
