import type { Reporter } from '../sharing/stix/bundle.ts';
import { identityObject, MAKER } from '../sharing/stix/bundle.ts';
import { stixId } from '../sharing/stix/ids.ts';
import type { StixObject } from '../sharing/stix/objects.ts';
import { TLP_IDS, tlpMarking } from '../sharing/stix/tlp.ts';
import { type Message, messageDefinition, messageExtensions } from './message.ts';
import type { NationalIncidentRecord } from './record.ts';

/** Id of a note about a province's incident: the same for the same act, whoever asks. */
export function noteId(center: string, province: string, object: string, act: string): string {
  return stixId('note', 'national', center, province, object, act);
}

/**
 * The envelope that brings a province what the center said about an incident: notes with our extension, and what they need
 * to be understood. The same record gives the same bytes, so that adding them twice changes nothing.
 */
export function messagesFor(record: NationalIncidentRecord, center: Reporter): readonly StixObject[] {
  const soc = identityObject(center);
  const maker = identityObject(MAKER);
  // What the province itself marked is said about no more openly than that.
  const tlp = record.tlp ?? 'amber+strict';
  const wanted = new Set(record.unsent);
  const common = {
    type: 'note',
    spec_version: '2.1' as const,
    created_by_ref: soc.id,
    object_marking_refs: [TLP_IDS[tlp]],
  };
  const notes: StixObject[] = [];
  const add = (note: { readonly id: string; readonly [property: string]: unknown }, message: Message): void => {
    if (!wanted.has(note.id)) return;
    notes.push({ ...common, ...note, object_refs: [record.object], extensions: messageExtensions(message) });
  };
  const seen = record.acknowledgement;
  if (seen) {
    const id = noteId(center.id, record.province, record.object, seen.id);
    const content = seen.text === '' ? 'Acknowledged.' : seen.text;
    add({ id, created: seen.at, modified: seen.at, abstract: 'Acknowledgement', content }, { kind: 'acknowledgement' });
  }
  for (const { note: id, at, title, text, due, withdrawn } of record.tasks) {
    const state = withdrawn ? { modified: withdrawn.at, revoked: true } : { modified: at };
    const content = withdrawn ? withdrawn.reason : text === '' ? title : text;
    add({ id, created: at, ...state, abstract: title, content }, { kind: 'task', due });
  }
  return notes.length === 0 ? [] : [tlpMarking(tlp), maker, soc, messageDefinition(maker.id), ...notes];
}
