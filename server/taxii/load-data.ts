import { keepStatus } from './add-envelope.ts';
import { type NewAccount, writeAccount, writeCollection, writeDiscovery, writeRoot } from './catalog-rows.ts';
import { addObject } from './change-objects.ts';
import type { DataCollection, DataFile } from './data-file.ts';
import type { Statements } from './statements.ts';
import { readStixObject, type StixFacts, stixMediaType } from './stix-object.ts';

/** What loading a data file did. */
export interface Loaded {
  readonly roots: number;
  readonly collections: number;
  readonly objects: number;
  /** Were there already, in the same version. */
  readonly kept: number;
  readonly accounts: number;
  /** Objects that are none, with the reason; the first few. */
  readonly refused: readonly { readonly id: string; readonly message: string }[];
  readonly refusedCount: number;
}

const REFUSED_SHOWN = 20;

/** Writes a data file; within a transaction. Loading it again adds only what is not there. */
export function loadData(db: Statements, file: DataFile, accounts: readonly NewAccount[], nowMs: number): Loaded {
  const count = { collections: 0, objects: 0, kept: 0, refusedCount: 0 };
  const refused: { id: string; message: string }[] = [];
  if (file.discovery) writeDiscovery(db, file.discovery);
  for (const { root, statuses, collections } of file.roots) {
    writeRoot(db, root);
    for (const status of statuses) keepStatus(db, { root: root.name, account: 0, at: nowMs, status });
    for (const one of collections) {
      const { ready, faults } = inOrder(one, nowMs * 1000);
      const media = new Set([...one.collection.mediaTypes, ...ready.map(({ facts }) => stixMediaType(facts.spec))]);
      const collection = writeCollection(db, { ...one.collection, mediaTypes: [...media] });
      count.collections++;
      for (const object of ready) {
        const done = addObject(db, { collection, space: 0, owner: 0, ...object });
        if (done.outcome === 'added') count.objects++;
        else if (done.outcome === 'kept') count.kept++;
        else if (done.outcome === 'refused') faults.push({ id: object.facts.id, message: done.reason });
      }
      count.refusedCount += faults.length;
      refused.push(...faults.slice(0, REFUSED_SHOWN - refused.length));
    }
  }
  for (const account of accounts) writeAccount(db, account);
  return { roots: file.roots.length, accounts: accounts.length, ...count, refused };
}

interface Ready {
  readonly facts: StixFacts;
  readonly text: string;
  readonly added: number;
  readonly order: number;
}

/** Objects by the time they came in, as paging goes; what the file gives no time comes in now, in its order. */
function inOrder({ objects, arrival }: DataCollection, now: number) {
  const ready: Ready[] = [];
  const faults: { id: string; message: string }[] = [];
  for (const [index, value] of objects.entries()) {
    const text = JSON.stringify(value);
    const facts = readStixObject(value, Buffer.byteLength(text));
    if ('message' in facts) faults.push({ id: facts.id, message: facts.message });
    else {
      const { at, order } = arrival(facts.id, facts.version?.at) ?? { at: now - objects.length + index, order: index };
      ready.push({ facts, text, added: at, order });
    }
  }
  return { ready: ready.sort((a, b) => a.added - b.added || a.order - b.order), faults };
}
