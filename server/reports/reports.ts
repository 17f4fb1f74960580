import type { Audit } from '../accounts/audit.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import type { Incidents, StoredIncident } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { IncidentDetail } from '../incidents/schema.ts';
import type { AgencyRequests } from '../requests/requests.ts';
import { requestRows } from '../requests/view.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { DEFAULT_BASIS, LETTERHEAD, type ReportKind } from './form.ts';
import { reportHtml } from './html.ts';
import { layoutOf } from './layout.ts';
import { prefill } from './prefill.ts';
import type { IncidentReportRecord, ReportFields } from './record.ts';

/** Reports of incidents: drafts from what the incident says, and versions that were exported. */
export interface Reports {
  /** @throws HaidangError `HD_NOT_FOUND` where the incident is not the reader's to see. */
  draft(identity: Identity, incident: string, kind: ReportKind): Promise<{ fields: ReportFields; revision: number }>;
  /** Freezes a report: both forms of it, their hashes, a line in the incident's history. @throws HaidangError `HD_TOO_LARGE` */
  export(identity: Identity, incident: string, kind: ReportKind, fields: ReportFields): Promise<IncidentReportRecord>;
  /** Newest first; with those of incidents that were merged into it. */
  list(identity: Identity, incident: string): Promise<readonly IncidentReportRecord[]>;
  /** The bytes as they were exported. @throws HaidangError `HD_NOT_FOUND`, `HD_EVIDENCE_CHANGED` */
  read(identity: Identity, incident: string, number: number, form: 'html' | 'docx'): Promise<Buffer>;
  letterhead(): Promise<ReportFields>;
  /** @throws HaidangError `HD_BAD_REQUEST` for a field that belongs to one report alone. */
  setLetterhead(identity: Identity, fields: ReportFields): Promise<ReportFields>;
}

const MOST_REPORTS = 200;
const TRIES = 20;
const LETTERHEAD_ID = 'report-letterhead';

/** Opens them over a record store. */
export function openReports(options: {
  readonly records: RecordStore;
  readonly incidents: Incidents;
  readonly requests: AgencyRequests;
  readonly agencies: AgencyBook;
  readonly audit: Audit;
  readonly timeZone: string;
  /** The incident as its reader may see it. */
  readonly detailOf: (identity: Identity, found: StoredIncident) => Promise<IncidentDetail>;
  /** Name of a recipient of the national side. */
  readonly recipientName: (id: string) => string;
  readonly now?: () => number;
}): Reports {
  const { records, incidents, requests, agencies, audit, timeZone, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const moment = () => new Date(now()).toISOString();

  async function versions(incident: readonly string[]): Promise<readonly Versioned<IncidentReportRecord>[]> {
    const filter = { where: { incident }, orderBy: { field: 'at', descending: true }, limit: 1_000 };
    return (await view.find('incident-report', filter)).records;
  }

  /** The history of the incident tells of a report even where a server stopped in between. */
  async function tell(stored: Versioned<IncidentReportRecord>): Promise<IncidentReportRecord> {
    const { incident, number, at, by, html, told } = stored.document;
    if (told === 1) return stored.document;
    const act = { act: 'report', to: String(number), note: html.sha256 } as const;
    await incidents.bring(incident, { id: `report-${incident}-${number}`, by, at, act });
    const done = { ...stored.document, told: 1 as const };
    await view.replace('incident-report', stored.id, done, stored.version).catch((error: unknown) => {
      // Somebody else did so meanwhile.
      if (!isConflict(error)) throw error;
    });
    return done;
  }

  /** To whom it went; only those see it who see all of sharing. */
  async function deliveredOf(identity: Identity, incident: string) {
    if (identity.agencies !== 'all') return [];
    const { records: shares } = await view.find('sharing', { where: { incident: [incident] }, limit: 100 });
    return shares.flatMap(({ document }) => {
      const last = document.versions.findLast(({ delivered }) => delivered !== null)?.delivered;
      return last ? [{ to: options.recipientName(document.recipient), at: last.at }] : [];
    });
  }

  async function letterhead(): Promise<ReportFields> {
    const set = (await view.get('setting', LETTERHEAD_ID))?.document.value as ReportFields | undefined;
    return set ?? { basis: DEFAULT_BASIS };
  }

  return {
    letterhead,
    async draft(identity, id, kind) {
      const found = await incidents.get(identity, id);
      const detail = await options.detailOf(identity, found);
      const merged = [id, ...found.document.merged.map((one) => one.id)];
      const asked = await requests.list(identity, { where: { incident: merged }, limit: 200 });
      const known = await versions([id]);
      const names = await agencies.all();
      const fields = prefill(kind, {
        detail,
        letterhead: await letterhead(),
        requests: await requestRows(identity, asked.records, { records, agencies }),
        delivered: await deliveredOf(identity, id),
        initial: known.find(({ document }) => document.kind === 'initial')?.document,
        agencyNames: new Map([...names].map(([agency, { name }]) => [agency, name])),
        timeZone,
        now: moment(),
      });
      return { fields, revision: found.document.revision };
    },
    async export(identity, id, kind, fields) {
      const found = await incidents.get(identity, id);
      if (found.document.mergedInto !== undefined)
        throw new HaidangError(
          'HD_BAD_REQUEST',
          `This incident is part of "${found.document.mergedInto}"; report that one.`,
        );
      const layout = layoutOf(kind, fields);
      // Loaded only where a report is written: it is large.
      const { reportDocx } = await import('./docx.ts');
      const page = Buffer.from(reportHtml(layout));
      const paper = await reportDocx(layout);
      const html = { sha256: await incidents.files.keep(page), bytes: page.length };
      const docx = { sha256: await incidents.files.keep(paper), bytes: paper.length };
      const head = { incident: id, kind, at: moment(), by: identity.name, revision: found.document.revision };
      for (let attempt = 1; ; attempt += 1) {
        const number = 1 + Math.max(0, ...(await versions([id])).map(({ document }) => document.number));
        if (number > MOST_REPORTS)
          throw new HaidangError('HD_TOO_LARGE', `An incident has at most ${MOST_REPORTS} reports.`);
        const record: IncidentReportRecord = { ...head, number, fields, html, docx, told: 0 };
        try {
          const stored = await view.create('incident-report', `${id}~${number}`, record);
          const detail = { number, kind, html: html.sha256, docx: docx.sha256 };
          await audit.record({ actor: identity.name, act: 'report.export', target: id, detail });
          return await tell(stored);
        } catch (error) {
          const raced = error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS';
          if (!raced || attempt === TRIES) throw error;
        }
      }
    },
    async list(identity, id) {
      const { document } = await incidents.get(identity, id);
      const stored = await versions([id, ...document.merged.map((one) => one.id)]);
      return Promise.all(stored.map(tell));
    },
    async read(identity, id, number, form) {
      await incidents.get(identity, id);
      const found = await view.get('incident-report', `${id}~${number}`);
      if (!found) throw new HaidangError('HD_NOT_FOUND', `Incident "${id.slice(0, 100)}" has no report ${number}.`);
      return incidents.files.read(found.document[form].sha256);
    },
    async setLetterhead(identity, fields) {
      const names: readonly string[] = LETTERHEAD;
      const wrong = Object.keys(fields).find((name) => !names.includes(name));
      if (wrong !== undefined)
        throw new HaidangError('HD_BAD_REQUEST', `"${wrong}" belongs to one report; there are ${names.join(', ')}.`);
      for (let attempt = 1; ; attempt += 1) {
        const before = await view.get('setting', LETTERHEAD_ID);
        try {
          if (before) await view.replace('setting', LETTERHEAD_ID, { value: fields }, before.version);
          else await view.create('setting', LETTERHEAD_ID, { value: fields });
          break;
        } catch (error) {
          if (!isConflict(error) || attempt === TRIES) throw error;
        }
      }
      const detail = { fields: Object.keys(fields) };
      await audit.record({ actor: identity.name, act: 'report.form', target: 'reports', detail });
      return fields;
    },
  };
}
