import { INCIDENT_EXTENSION } from '../stix/bundle.ts';
import { uuid5 } from '../stix/ids.ts';
import type { StixObject } from '../stix/objects.ts';
import type { Channel, Shipment } from './channel.ts';
import { writtenReceipts } from './written.ts';

/** Puts versions into a folder as MISP events, for a MISP to import ("Add event from MISP JSON"). */
export function mispChannel(folder: string): Channel {
  return {
    async deliver(shipment, voyage) {
      await voyage.check();
      const bytes = Buffer.from(`${JSON.stringify(mispEvent(shipment), null, 1)}\n`);
      return writtenReceipts(folder, `${shipment.incident}-${shipment.recipient}-misp.json`, bytes, shipment);
    },
    close: () => undefined,
  };
}

/** Namespace of events and attributes that stand for objects of a bundle. */
const NAMESPACE = '2d4b3f1e-0c57-5b0e-8e52-7c6a1d9f4b30';
const THREAT = { critical: '1', high: '1', medium: '2', low: '3', informational: '4' } as const;
const HASHES: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-1': 'sha1', 'SHA-256': 'sha256' };
const TYPES: Readonly<Record<string, readonly [type: string, category: string]>> = {
  'ipv4-addr': ['ip-src', 'Network activity'],
  'ipv6-addr': ['ip-src', 'Network activity'],
  'domain-name': ['domain', 'Network activity'],
  url: ['url', 'Network activity'],
};

/** A MISP event (the MISP core format) of a frozen version: it holds nothing that the version does not. */
export function mispEvent({ incident, recipient, body }: Pick<Shipment, 'incident' | 'recipient' | 'body'>): object {
  const { objects } = JSON.parse(body) as { objects: StixObject[] };
  const main = objects.find(({ type }) => type === 'incident');
  const facts =
    (main?.['extensions'] as Record<string, Record<string, unknown>> | undefined)?.[INCIDENT_EXTENSION] ?? {};
  const severity = String(facts['severity']) as keyof typeof THREAT;
  const [created = '', modified = created] = [main?.created, main?.modified];
  const note = objects.find(({ type }) => type === 'note');
  const attributes = [
    ...objects.filter(isLive).flatMap((object) => attributesOf(object, modified)),
    ...(note ? [textOf(note, modified)] : []),
  ];
  return {
    Event: {
      uuid: uuid5(NAMESPACE, `${recipient} ${incident}`),
      info: String(main?.['name'] ?? incident),
      date: created.slice(0, 10),
      timestamp: seconds(modified),
      published: false,
      // Within this community alone: the recipient decides who else sees it.
      distribution: '1',
      threat_level_id: THREAT[severity] ?? '4',
      analysis: main?.['revoked'] === true ? '2' : '1',
      Tag: tagsOf(objects, facts),
      Attribute: attributes,
    },
  };
}

function isLive(object: StixObject): boolean {
  return object['revoked'] !== true;
}

function attributesOf(object: StixObject, modified: string): object[] {
  const known = TYPES[object.type];
  const base = { timestamp: seconds(modified), to_ids: true, distribution: '5' };
  if (known) {
    const [type, category] = known;
    return [{ ...base, uuid: uuid5(NAMESPACE, object.id), type, category, value: String(object['value']) }];
  }
  if (object.type === 'file')
    return Object.entries(object['hashes'] as Record<string, string>).flatMap(([name, value]) => {
      const type = HASHES[name];
      if (type === undefined) return [];
      return [{ ...base, uuid: uuid5(NAMESPACE, object.id), type, category: 'Payload delivery', value }];
    });
  if (object.type === 'indicator' && object['pattern_type'] === 'sigma') {
    const value = String(object['pattern']);
    return [{ ...base, uuid: uuid5(NAMESPACE, object.id), type: 'sigma', category: 'Payload delivery', value }];
  }
  return [];
}

function textOf(note: StixObject, modified: string): object {
  const value = String(note['content']);
  const base = { timestamp: seconds(modified), to_ids: false, distribution: '5' };
  return { ...base, uuid: uuid5(NAMESPACE, note.id), type: 'text', category: 'Other', value };
}

function tagsOf(objects: readonly StixObject[], facts: Readonly<Record<string, unknown>>): object[] {
  const names: string[] = [];
  for (const object of objects) {
    if (object.type === 'marking-definition') names.push(String(object['name']).toLowerCase());
    const [reference] = (object['external_references'] as { external_id?: string }[] | undefined) ?? [];
    if (object.type === 'attack-pattern' && isLive(object) && reference)
      names.push(`misp-galaxy:mitre-attack-pattern="${reference.external_id}"`);
  }
  const rsit = facts['rsit'];
  if (typeof rsit === 'string') {
    const [group = '', type = ''] = rsit.split('/');
    names.push(`rsit:${group}="${type}"`);
  }
  return [...new Set(names)].map((name) => ({ name }));
}

function seconds(at: string): string {
  return String(Math.floor(Date.parse(at) / 1000) || 0);
}
