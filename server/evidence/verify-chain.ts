import { hash } from 'node:crypto';
import type { Finding } from './findings.ts';
import type { EvidenceVerifier } from './keys.ts';
import { type DayList, parseList } from './list.ts';
import { type DayManifest, listManifests, manifestHash, readList, readManifest } from './manifest.ts';

/** Where the chain ended when the server last signed, from the records: shows a chain that was cut at its end. */
export interface ChainHead {
  readonly number: number;
  readonly hash: string;
}

/** What the chain says, and what is wrong with it. */
export interface Chain {
  /** By day, in order; only links that can be believed. */
  readonly days: ReadonlyMap<string, readonly { readonly manifest: DayManifest; readonly list: DayList | undefined }[]>;
  readonly manifests: number;
  readonly findings: readonly Finding[];
}

/** Checks every manifest: form, place in the chain, signature, and the list beside it. */
export function verifyChain(
  folder: string,
  verifier: EvidenceVerifier | undefined,
  head: ChainHead | undefined,
): Chain {
  const days = new Map<string, { manifest: DayManifest; list: DayList | undefined }[]>();
  const findings: Finding[] = [];
  const names = listManifests(folder);
  if (names.length > 0 && !verifier) {
    findings.push({
      kind: 'key-missing',
      day: null,
      message: 'The public key authority/evidence.pub is missing, so that no signature can be checked.',
    });
  }
  let expected = 1;
  let previous: string | null = null;
  let headHash: string | undefined;
  for (const name of names) {
    const number = Number(name.slice(0, 8));
    const day = name.slice(9, 17);
    if (number !== expected) {
      const lost = number - 1 === expected ? `${expected} is` : `${expected} to ${number - 1} are`;
      findings.push({ kind: 'manifest-chain', day: null, message: `Of the chain of manifests, ${lost} missing.` });
      previous = null;
    }
    const follows = number === expected;
    expected = number + 1;
    const read = readManifest(folder, name);
    if (typeof read === 'string') {
      findings.push({ kind: 'manifest-damaged', day, message: `The manifest ${name} cannot be used: ${read}.` });
      previous = null;
      continue;
    }
    const { manifest, text, signature } = read;
    if (verifier && !(manifest.key === verifier.fingerprint && verifier.verify(text, signature))) {
      findings.push({ kind: 'manifest-signature', day, message: `The signature of manifest ${name} does not fit it.` });
      previous = null;
      continue;
    }
    if (follows && previous !== manifest.previous && !(previous === null && number > 1)) {
      findings.push({
        kind: 'manifest-chain',
        day,
        message: `Manifest ${name} does not follow the one before it: one of the two was replaced.`,
      });
    }
    previous = manifestHash(text);
    if (number === head?.number) headHash = previous;
    const listText = readList(folder, manifest);
    const list = listText !== undefined && hash('sha256', listText) === manifest.list ? parseList(listText) : undefined;
    if (!list) {
      const what = listText === undefined ? 'missing' : 'changed';
      findings.push({ kind: 'list-changed', day, message: `The list beside manifest ${name} is ${what}.` });
    }
    days.set(day, [...(days.get(day) ?? []), { manifest, list }]);
  }
  if (head && headHash !== head.hash) {
    const end = names.at(-1);
    findings.push({
      kind: 'manifest-chain',
      day: null,
      message: `The server signed manifest ${head.number} last, and ${
        headHash === undefined ? `the chain ends with ${end ?? 'none'}` : 'another one is in its place'
      }.`,
    });
  }
  return { days, manifests: names.length, findings };
}
