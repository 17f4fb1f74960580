import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EvidenceVerifier } from '../evidence/keys.ts';
import { opsFile, tableOf } from '../store/embedded/ops-schema.ts';
import { ALONE, headSetting } from './audit-log.ts';
import { auditFolder, listAuditFiles, readLines } from './files.ts';
import { type AuditLine, parseLine, type SealedLine } from './line.ts';
import type { AuditRecord } from './record.ts';

/** What can be wrong with the audit log. */
export type AuditFindingKind =
  | 'audit-key-missing'
  | 'audit-changed'
  | 'audit-chain'
  | 'audit-cut'
  | 'audit-broken'
  | 'audit-copy';

export interface AuditFinding {
  readonly kind: AuditFindingKind;
  /** Place in the chain; null where it is about the log as a whole. */
  readonly number: number | null;
  readonly message: string;
}

/** What a check of the audit log gave. */
export interface AuditVerified {
  readonly records: number;
  /** The last line: kept on paper elsewhere, it shows a log that was replaced as a whole. */
  readonly head: { readonly number: number; readonly hash: string } | null;
  readonly findings: readonly AuditFinding[];
}

const MOST_FINDINGS = 100;

/**
 * Walks the chain from its first line to the last, and compares each with its copy among the records of an embedded store.
 * Reads only, one line in memory at a time. `expected` is a head that was kept elsewhere.
 */
export function verifyAudit(options: {
  readonly data: string;
  readonly verifier: EvidenceVerifier | undefined;
  readonly expected?: { readonly number: number; readonly hash: string } | undefined;
}): AuditVerified {
  const { data, verifier, expected } = options;
  const folder = auditFolder(data);
  const findings: AuditFinding[] = [];
  const find = (kind: AuditFindingKind, number: number | null, message: string): void => {
    if (findings.length < MOST_FINDINGS) findings.push({ kind, number, message });
  };
  // Before the log: what is written meanwhile makes it longer and never shorter.
  const copies = openCopies(data);
  try {
    const noted = [copies?.head, expected].filter((head) => head !== undefined);
    const files = listAuditFiles(folder);
    if (files.length > 0 && !verifier)
      find(
        'audit-key-missing',
        null,
        'The public key is missing, so that no signature of the audit log can be checked.',
      );
    let last: SealedLine | undefined;
    let records = 0;
    let unsigned = 0;
    for (const { name } of files) {
      for (const { text, whole } of readLines(join(folder, name))) {
        const sealed = whole ? parseLine(text) : undefined;
        if (!sealed) {
          // The server may be in the middle of a line; whoever cuts one leaves the head behind.
          if (whole || name !== files.at(-1)?.name) {
            find(
              'audit-changed',
              null,
              `After number ${last?.line.number ?? 0} in ${name} stands what is no line of the log.`,
            );
          }
          continue;
        }
        checkPlace(sealed, last, find);
        unsigned = sealed.signature === undefined ? unsigned + 1 : 0;
        if (sealed.signature !== undefined && verifier && !verifier.verify(sealed.text, sealed.signature))
          find(
            'audit-changed',
            sealed.line.number,
            `Number ${sealed.line.number} does not fit its signature: it was changed.`,
          );
        for (const head of noted)
          if (head.number === sealed.line.number && head.hash !== sealed.hash)
            find('audit-changed', head.number, `Number ${head.number} is another than the one that was written.`);
        if (sealed.line.act === 'audit.broken')
          find('audit-broken', sealed.line.number, `At ${sealed.line.at} the server found the log cut or replaced.`);
        copies?.compare(sealed, find);
        records += 1;
        last = sealed;
      }
    }
    if (unsigned > 0)
      find('audit-cut', last?.line.number ?? null, `The last ${unsigned} lines lack the signature that ends them.`);
    const end = last?.line.number ?? 0;
    for (const head of noted)
      if (head.number > end) find('audit-cut', end, `The log ends with number ${end}, and ${head.number} was written.`);
    copies?.count(records, find);
    return { records, head: last ? { number: last.line.number, hash: last.hash } : null, findings };
  } finally {
    copies?.close();
  }
}

type Find = (kind: AuditFindingKind, number: number | null, message: string) => void;

function checkPlace({ line }: SealedLine, last: SealedLine | undefined, find: Find): void {
  const wanted = (last?.line.number ?? 0) + 1;
  const { number } = line;
  if (number > wanted) {
    const what = number - 1 === wanted ? `Number ${wanted} is` : `Numbers ${wanted} to ${number - 1} are`;
    find('audit-chain', wanted, `${what} missing.`);
  } else if (number < wanted)
    find('audit-chain', number, `Number ${number} stands after ${wanted - 1}: the order was changed.`);
  else if (line.previous !== (last?.hash ?? null)) {
    const first = last ? `${wanted - 1} or ${number}` : `${number}`;
    find('audit-changed', number, `Number ${number} does not follow the one before it: ${first} was changed.`);
  }
}

/** The copies among the records of an embedded store; undefined where there is none. */
function openCopies(data: string) {
  const path = opsFile(join(data, 'store'));
  if (!existsSync(path)) return undefined;
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const has = (kind: 'audit' | 'setting') =>
    db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(tableOf(kind).replaceAll('"', '')) !== undefined;
  const setting = has('setting')
    ? db.prepare(`SELECT document FROM ${tableOf('setting')} WHERE id = ?`).get(headSetting(ALONE))?.['document']
    : undefined;
  const head =
    setting === undefined
      ? undefined
      : (JSON.parse(String(setting)) as { value: { number: number; hash: string } }).value;
  const one = has('audit') ? db.prepare(`SELECT document FROM ${tableOf('audit')} WHERE id = ?`) : undefined;
  return {
    head,
    compare({ line, hash }: SealedLine, find: Find): void {
      // What the relay has not reached yet has no copy.
      if (head === undefined || line.number > head.number) return;
      const document = one?.get(line.id)?.['document'];
      if (document === undefined) {
        find(
          'audit-copy',
          line.number,
          `Number ${line.number} (${line.act} by ${line.actor}) is gone from the records.`,
        );
        return;
      }
      const copy = JSON.parse(String(document)) as AuditRecord;
      // An act that was in the records before the log began keeps its place there.
      if (copy.number === undefined || isSame(copy, line, hash)) return;
      find('audit-copy', line.number, `The record of number ${line.number} says another thing than the log.`);
    },
    count(lines: number, find: Find): void {
      const sealed = has('audit')
        ? Number(
            db
              .prepare(`SELECT count(*) AS n FROM ${tableOf('audit')} WHERE json_extract(document, '$.number') <= ?`)
              .get(head?.number ?? 0)?.['n'],
          )
        : 0;
      if (sealed > lines) find('audit-copy', null, `The records hold ${sealed} acts of the log, which has ${lines}.`);
    },
    close: () => db.close(),
  };
}

function isSame(copy: AuditRecord, line: AuditLine, hash: string): boolean {
  const { at, actor, act, target, detail } = line;
  return (
    (copy.hash === hash &&
      JSON.stringify([copy.at, copy.actor, copy.act, copy.target, copy.detail]) ===
        JSON.stringify([at, actor, act, target, detail])) ||
    // Written twice at the same moment: one of the two has the record.
    (copy.number !== line.number && copy.actor === actor && copy.act === act && copy.target === target)
  );
}
