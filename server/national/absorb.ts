import { createHash } from 'node:crypto';
import { SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Catalog } from '../taxii/catalog.ts';
import type { Taxii } from '../taxii/taxii.ts';
import { readTimestamp } from '../taxii/timestamp.ts';
import { type BoardRecords, reportId } from './board-records.ts';
import type { ReportedValue } from './facts.ts';
import type { Mark, Reported } from './read-reported.ts';
import { MOST_CONTAINERS, type NationalIncidentRecord, type NationalIndicatorRecord, type SeenBy } from './record.ts';

/** Where reading stands, as a setting. */
const MARK = 'national-board';
/** What one account, or all together, can have this board keep. */
const MOST_REPORTS = 50_000;
const MOST_INDICATORS = 2_000_000;
const TRIES = 10;

export interface AbsorbOptions {
  readonly records: RecordStore;
  readonly board: BoardRecords;
  readonly taxii: Pick<Taxii, 'store' | 'catalog'>;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/** Brings what provinces pushed onto the board. */
export interface Absorber {
  /** Reads all that is new; gives the provinces it came from. `check` is asked before each write. */
  run(check: () => Promise<void>, end: AbortSignal): Promise<ReadonlySet<string>>;
}

/**
 * Opens it. Every object counts under the account that added it and no other; reading one again changes nothing, so that a
 * crash between two writes costs a second reading.
 */
export function openAbsorber({ records, board, taxii, log }: AbsorbOptions): Absorber {
  const view = records.as(SYSTEM);
  const counts = new Map<string, number>();
  const full = new Set<string>();

  async function readMark(): Promise<Mark | null> {
    return ((await view.get('setting', MARK))?.document.value as Mark | undefined) ?? null;
  }

  async function keepMark(mark: Mark): Promise<void> {
    const found = await view.get('setting', MARK);
    if (found) await view.replace('setting', MARK, { value: mark }, found.version);
    else await view.create('setting', MARK, { value: mark });
  }

  /** Whether there is room for one more; said once where there is none. */
  async function hasRoom(kind: 'national-incident' | 'national-indicator', province: string): Promise<boolean> {
    const isReport = kind === 'national-incident';
    const key = isReport ? province : '';
    const filter = isReport ? { where: { province: [province] } } : {};
    const count = counts.get(`${kind} ${key}`) ?? (await view.count(kind, filter));
    const room = count < (isReport ? MOST_REPORTS : MOST_INDICATORS);
    counts.set(`${kind} ${key}`, room ? count + 1 : count);
    if (!room && !full.has(`${kind} ${key}`)) {
      full.add(`${kind} ${key}`);
      log.warn({ province, kind }, 'The board holds as much as it may; what is new is left out.');
    }
    return room;
  }

  async function putReport(
    province: string,
    object: string,
    about: readonly Reported[],
    check: () => Promise<void>,
  ): Promise<void> {
    const id = reportId(province, object);
    const [one] = about;
    if (!one || (!(await board.get(id)) && !(await hasRoom('national-incident', province)))) return;
    const first = emptyReport(province, object, one);
    await board.change(id, (record) => about.reduce(withReported, record), { first, check });
  }

  async function putIndicator(
    { type, value }: ReportedValue,
    seen: readonly (SeenBy & Pick<NationalIndicatorRecord, 'tlp'>)[],
    check: () => Promise<void>,
  ): Promise<void> {
    const id = createHash('sha256').update(`${type}\t${value}`).digest('hex').slice(0, 32);
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('national-indicator', id);
      if (!found && !(await hasRoom('national-indicator', ''))) return;
      const before = found?.document ?? emptyIndicator({ type, value });
      const next = seen.reduce(withSighting, before);
      if (found && JSON.stringify(next) === JSON.stringify(before)) return;
      await check();
      try {
        if (found) await view.replace('national-indicator', id, next, found.version);
        else await view.create('national-indicator', id, next);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }

  return {
    async run(check, end) {
      const provinces = new Set<string>();
      let mark = await readMark();
      for (let more = true; more && !end.aborted; ) {
        const page = await taxii.store.reported(mark);
        const names = provinceNames(taxii.catalog());
        const reports = new Map<string, { province: string; object: string; about: Reported[] }>();
        const indicators = new Map<
          string,
          { value: ReportedValue; seen: (SeenBy & Pick<NationalIndicatorRecord, 'tlp'>)[] }
        >();
        for (const one of page.reported) {
          const province = names.get(one.account);
          if (province === undefined) continue;
          provinces.add(province);
          for (const object of reportsOf(one)) {
            const key = JSON.stringify([province, object]);
            const group = reports.get(key) ?? { province, object, about: [] };
            group.about.push(one);
            reports.set(key, group);
          }
          for (const value of valuesOf(one)) {
            const key = `${value.type} ${value.value}`;
            const group = indicators.get(key) ?? { value, seen: [] };
            group.seen.push(seenIn(one, province));
            indicators.set(key, group);
          }
        }
        for (const { province, object, about } of reports.values()) await putReport(province, object, about, check);
        for (const { value, seen } of indicators.values()) await putIndicator(value, seen, check);
        if (page.mark && page.mark.sequence !== mark?.sequence) {
          await check();
          await keepMark(page.mark);
        }
        ({ mark, more } = page);
      }
      return provinces;
    },
  };
}

/**
 * Accounts by number. Whoever may read a collection that others may only write to belongs to the center: what they add is no
 * report of a province.
 */
function provinceNames({ accounts, collections }: Catalog): ReadonlyMap<number, string> {
  const center = new Set(
    collections
      .filter(({ grants }) => Object.values(grants).some(({ canRead, canWrite }) => canWrite && !canRead))
      .flatMap(({ grants }) => Object.entries(grants).flatMap(([name, { canRead }]) => (canRead ? [name] : []))),
  );
  return new Map(accounts.filter(({ name }) => !center.has(name)).map(({ number, name }) => [number, name]));
}

/** The rows of the board that an object is about. */
function reportsOf({ id, fact }: Reported): readonly string[] {
  if (fact.kind === 'incident') return [id];
  // A report that names no incident stands for one.
  if (fact.kind === 'container') return fact.incidents.length > 0 ? fact.incidents : [id];
  return fact.kind === 'note' ? fact.incidents.filter((ref) => ref.startsWith('incident--')) : [];
}

function valuesOf({ fact, values = [] }: Reported): readonly ReportedValue[] {
  if (fact.kind === 'indicator') return fact.isRevoked ? [] : fact.values;
  return fact.kind === 'sighting' && !fact.isRevoked ? values : [];
}

function seenIn({ fact, at }: Reported, province: string): SeenBy & Pick<NationalIndicatorRecord, 'tlp'> {
  if (fact.kind === 'indicator') return { province, first: fact.first ?? at, last: fact.first ?? at, tlp: fact.tlp };
  if (fact.kind !== 'sighting') return { province, first: at, last: at, tlp: null };
  const first = fact.first ?? fact.last ?? at;
  return { province, first, last: fact.last ?? first, tlp: null };
}

function emptyReport(
  province: string,
  object: string,
  { collection, account, at }: Pick<Reported, 'collection' | 'account' | 'at'>,
): NationalIncidentRecord {
  return {
    ...{ province, collection, account, object },
    kind: object.startsWith('incident--') ? 'incident' : 'report',
    ...{ reference: null, title: '', summary: '', summaryVersion: '', severity: null, severityRank: 0, state: 'open' },
    ...{ rsit: null, tlp: null, detectedAt: null, closedAt: null, systems: [], version: '' },
    ...{ firstAt: at, lastAt: at, containers: [], acknowledgement: null, acknowledged: 0, tasks: [], asked: 0 },
    ...{ due: null, revision: 1, updatedAt: at, unsent: [], pending: [], waiting: 0 },
  };
}

function emptyIndicator({ type, value }: ReportedValue): NationalIndicatorRecord {
  return { type, value, tlp: null, seen: [], shared: 0, firstAt: '', lastAt: '' };
}

const RANKS = ['informational', 'low', 'medium', 'high', 'critical'];

/** The record with one more object; what is older than what is known changes nothing but the times. */
function withReported(record: NationalIncidentRecord, one: Reported): NationalIncidentRecord {
  const { fact, version, at } = one;
  const seen = { firstAt: ordered(at, record.firstAt)[0], lastAt: ordered(at, record.lastAt)[1] };
  if (fact.kind === 'incident') {
    if (!isLater(version, record.version)) return record;
    const { kind: _, ...said } = fact;
    const severityRank = said.severity === null ? 0 : RANKS.indexOf(said.severity) + 1;
    const { collection, account } = one;
    return { ...record, ...said, ...seen, collection, account, severityRank, version, updatedAt: seen.lastAt };
  }
  if (fact.kind === 'container') {
    const containers = [...new Set([...record.containers, one.id])].slice(0, MOST_CONTAINERS);
    const known = containers.length === record.containers.length ? record : { ...record, containers };
    if (record.kind === 'incident' || !isLater(version, record.version)) return known;
    const state = fact.isRevoked ? ('revoked' as const) : ('open' as const);
    return { ...known, ...seen, title: fact.title, tlp: fact.tlp, state, version, updatedAt: seen.lastAt };
  }
  if (fact.kind !== 'note') return record;
  if (fact.answers === null) {
    if (!isLater(version, record.summaryVersion)) return record;
    return { ...record, summary: fact.isRevoked ? '' : fact.text, summaryVersion: version };
  }
  const asked = record.tasks.find(
    ({ note, answer }) => note === fact.answers && isLater(version, answer?.version ?? ''),
  );
  if (!asked) return record;
  // An answer that was taken back leaves the task open again.
  const answer = fact.isRevoked ? null : { at, version, text: fact.text };
  const tasks = record.tasks.map((task) => (task === asked ? { ...task, answer } : task));
  return { ...record, tasks, updatedAt: ordered(at, record.updatedAt)[1] };
}

function withSighting(
  record: NationalIndicatorRecord,
  { tlp, ...seen }: SeenBy & Pick<NationalIndicatorRecord, 'tlp'>,
): NationalIndicatorRecord {
  const before = record.seen.find(({ province }) => province === seen.province) ?? seen;
  const merged: SeenBy = {
    province: seen.province,
    first: ordered(seen.first, before.first)[0],
    last: ordered(seen.last, before.last)[1],
  };
  const all = [...record.seen.filter(({ province }) => province !== seen.province), merged].sort((a, b) =>
    a.first < b.first ? -1 : a.first > b.first ? 1 : a.province < b.province ? -1 : 1,
  );
  const lasts = all.map(({ last }) => last).sort();
  return {
    ...record,
    tlp: strictest(record.tlp, tlp),
    seen: all,
    shared: all.length > 1 ? 1 : 0,
    firstAt: all[0]?.first ?? '',
    lastAt: lasts.at(-1) ?? '',
  };
}

/** Two times of the same spelling, the earlier one first. */
function ordered(one: string, two: string): readonly [string, string] {
  return one <= two ? [one, two] : [two, one];
}

function strictest(one: NationalIndicatorRecord['tlp'], two: NationalIndicatorRecord['tlp']) {
  const order = ['clear', 'green', 'amber', 'amber+strict', 'red'];
  return order.indexOf(one ?? '') >= order.indexOf(two ?? '') ? one : two;
}

/** Whether a version is later than another one, to the microsecond; anything is later than nothing. */
function isLater(version: string, than: string): boolean {
  if (than === '') return true;
  return (readTimestamp(version) ?? 0) > (readTimestamp(than) ?? 0);
}
