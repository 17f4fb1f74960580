import type { AgencyId } from '../identity.ts';
import { type CsvRow, readCsv } from './csv.ts';
import { judgeAgency, type KnownAgencies } from './judge.ts';
import type { AgencyRecord } from './record.ts';
import {
  AGENCY_LIMITS,
  type Agency,
  type AgencyImportReport,
  type AgencyProblem,
  type ImportedAgency,
} from './schema.ts';

/** An import that was looked at: its report, and the agencies to write, those above before those below. */
export interface PlannedImport {
  readonly report: AgencyImportReport;
  readonly writes: readonly Agency[];
}

/** Headings by column, as files in English and Vietnamese have them. */
const HEADINGS: Readonly<Record<string, Column>> = {
  id: 'id',
  mã: 'id',
  name: 'name',
  tên: 'name',
  parent: 'parent',
  'cấp trên': 'parent',
  networks: 'networks',
  cidrs: 'networks',
  mạng: 'networks',
  sources: 'sources',
  nguồn: 'sources',
  level: 'level',
  'cấp độ': 'level',
  contact: 'person',
  person: 'person',
  'người liên hệ': 'person',
  phone: 'phone',
  'điện thoại': 'phone',
  email: 'email',
  address: 'address',
  'địa chỉ': 'address',
};
const COLUMNS = [
  'id',
  'name',
  'parent',
  'networks',
  'sources',
  'level',
  'person',
  'phone',
  'email',
  'address',
] as const;
type Column = (typeof COLUMNS)[number];

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const LONGEST = { person: 200, phone: 50, email: 200, address: 500 } as const;

/**
 * Looks at a table of agencies and plans what it changes. The first line names the columns, of which `id` and `name` must be there; a column that is
 * not there leaves what an agency has. Lists (`networks`, `sources`) are divided by spaces, semicolons or bars.
 */
export function planImport(csv: string, agencies: ReadonlyMap<string, AgencyRecord>): PlannedImport {
  const [heading, ...rows] = readCsv(csv, AGENCY_LIMITS.importRows + 1);
  const columns = (heading?.cells ?? []).map((cell) => HEADINGS[cell.normalize('NFC').toLowerCase()]);
  const missing = (['id', 'name'] as const).filter((column) => !columns.includes(column));
  const unknown = (heading?.cells ?? []).filter((cell, at) => cell !== '' && columns[at] === undefined);
  const headingProblems: AgencyProblem[] = [
    ...missing.map((value) => ({ problem: 'columns' as const, value })),
    ...unknown.map((value) => ({ problem: 'columns_unknown' as const, value: value.slice(0, 100) })),
  ];
  if (headingProblems.length > 0) {
    const row: ImportedAgency = { line: heading?.line ?? 1, id: '', name: '', act: 'wrong', problems: headingProblems };
    return { report: reportOf([row]), writes: [] };
  }

  const read = rows.map((row) => readRow(row, columns, agencies));
  // Each is judged beside all others as they will be.
  const after = new Map<string, AgencyRecord>(agencies);
  const seen = new Set<string>();
  for (const { agency, createdAt, problems } of read) {
    if (seen.has(agency.id)) problems.push({ problem: 'id_twice', value: agency.id });
    else after.set(agency.id, recordOf(agency, createdAt));
    seen.add(agency.id);
  }
  const judged = read.map(({ line, agency, problems, before }) => {
    if (problems.length === 0) problems.push(...judgeAgency(agency, after as KnownAgencies));
    const isSame =
      before !== undefined && JSON.stringify(plain(agency)) === JSON.stringify(plain(shownAgency(agency.id, before)));
    const act: ImportedAgency['act'] =
      problems.length > 0 ? 'wrong' : before === undefined ? 'add' : isSame ? 'same' : 'change';
    return { row: { line, id: agency.id, name: agency.name, act, problems }, agency };
  });
  const writes = judged.filter(({ row }) => row.act === 'add' || row.act === 'change').map(({ agency }) => agency);
  return { report: reportOf(judged.map(({ row }) => row)), writes: fromTheTop(writes) };
}

/** A record without what only the store keeps. */
export function shownAgency(id: string, record: AgencyRecord): Agency {
  const { name, contact, securityLevel, parent, networks = [], sources = [] } = record;
  return {
    id,
    name,
    contact: { ...contact },
    securityLevel,
    ...(parent === undefined ? {} : { parent }),
    networks: [...networks],
    sources: [...sources],
  };
}

/** The record that an agency is kept as. */
export function recordOf({ id: _, parent, ...rest }: Agency, createdAt: string): AgencyRecord {
  return { ...rest, ...(parent === undefined ? {} : { parent: parent as AgencyId }), createdAt };
}

interface ReadRow {
  readonly line: number;
  readonly agency: Agency;
  readonly createdAt: string;
  readonly before: AgencyRecord | undefined;
  readonly problems: AgencyProblem[];
}

function readRow(
  { line, cells }: CsvRow,
  columns: readonly (Column | undefined)[],
  agencies: ReadonlyMap<string, AgencyRecord>,
): ReadRow {
  const problems: AgencyProblem[] = [];
  const cellOf = (column: Column): string | undefined => {
    const at = columns.indexOf(column);
    return at < 0 ? undefined : (cells[at] ?? '');
  };
  if (cells.length > columns.length || cells.length < columns.filter(Boolean).length)
    problems.push({ problem: 'row_short', value: String(cells.length) });
  const id = (cellOf('id') ?? '').toLowerCase();
  if (!ID.test(id)) problems.push({ problem: 'id_wrong', value: id.slice(0, 100) });
  const name = cellOf('name') ?? '';
  if (name === '' || name.length > AGENCY_LIMITS.name)
    problems.push({ problem: 'name_wrong', value: name.slice(0, 100) });
  const before = agencies.get(id);
  const own = before && shownAgency(id, before);

  const levelText = cellOf('level');
  const level = levelText === undefined || levelText === '' ? (own?.securityLevel ?? 3) : Number(levelText);
  if (!Number.isInteger(level) || level < 1 || level > 5)
    problems.push({ problem: 'level_wrong', value: String(levelText).slice(0, 100) });
  const text = (column: keyof typeof LONGEST): string => {
    const given = cellOf(column) ?? own?.contact[column] ?? '';
    if (given.length > LONGEST[column]) problems.push({ problem: 'text_long', value: given.slice(0, 100) });
    return given;
  };
  const list = (column: 'networks' | 'sources'): string[] => {
    const given = cellOf(column);
    const values = given === undefined ? (own?.[column] ?? []) : [...new Set(given.split(/[\s;|]+/).filter(Boolean))];
    if (values.length > AGENCY_LIMITS[column]) problems.push({ problem: 'list_long', value: column });
    const long = values.find((value) => value.length > (column === 'networks' ? 64 : 200));
    if (long !== undefined) problems.push({ problem: 'text_long', value: long.slice(0, 100) });
    return values.slice(0, AGENCY_LIMITS[column]);
  };
  const parentText = cellOf('parent');
  const parent = parentText === undefined ? own?.parent : parentText.toLowerCase() || undefined;
  const contact = { person: text('person'), phone: text('phone'), email: text('email'), address: text('address') };
  const agency: Agency = {
    id,
    name: name.slice(0, AGENCY_LIMITS.name),
    contact,
    securityLevel: level,
    ...(parent === undefined ? {} : { parent: parent.slice(0, 64) }),
    networks: list('networks'),
    sources: list('sources'),
  };
  return { line, agency, createdAt: before?.createdAt ?? '', before, problems };
}

/** In one order of keys, so that equal agencies have equal texts. */
function plain({ id, name, contact, securityLevel, parent, networks = [], sources = [] }: Agency): unknown {
  const { person, phone, email, address } = contact;
  return [id, name, person, phone, email, address, securityLevel, parent ?? null, [...networks], [...sources]];
}

/** Those above come first, so that at every moment of the writing each has its parent. */
function fromTheTop(writes: readonly Agency[]): Agency[] {
  const left = new Map(writes.map((agency) => [agency.id, agency]));
  const ordered: Agency[] = [];
  const take = (agency: Agency): void => {
    if (!left.delete(agency.id)) return;
    const above = agency.parent === undefined ? undefined : left.get(agency.parent);
    if (above) take(above);
    ordered.push(agency);
  };
  for (const agency of writes) take(agency);
  return ordered;
}

function reportOf(rows: readonly ImportedAgency[]): AgencyImportReport {
  const count = (act: ImportedAgency['act']) => rows.filter((row) => row.act === act).length;
  return {
    rows: [...rows],
    added: count('add'),
    changed: count('change'),
    same: count('same'),
    wrong: count('wrong'),
    applied: false,
  };
}
