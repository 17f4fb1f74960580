import { createHash } from 'node:crypto';
import type { DetectionRule } from '../../rules/rule.ts';
import type { AgencyId } from '../../server/identity.ts';
import { SYSTEM } from '../../server/identity.ts';
import type { CollectorRecord } from '../../server/store/record-kinds.ts';
import { type Bench, HOST } from '../server/api/harness.ts';
import { RULE } from '../server/api/rule.ts';
import { storeEvents } from '../server/search/events.ts';
import type { Parsed } from '../server/store/frames.ts';
import { PAYLOADS } from './payloads.ts';

const at = (place: number) => PAYLOADS[place % PAYLOADS.length] ?? '';
const short = (place: number, length: number) => at(place).slice(0, length);

/** A rule whose every text is hostile: it came from an archive that somebody imported. */
export const HOSTILE_RULE: DetectionRule = {
  ...RULE,
  id: 'hostile-rule',
  title: at(0),
  description: PAYLOADS.join('\n\n'),
  author: at(9),
  tags: ['attack.t1110.001', `x.${at(1)}`],
  falsepositives: PAYLOADS,
  references: PAYLOADS,
  file: `${at(2)}.yml`,
  yaml: `title: "${PAYLOADS.join('\n# ')}"\n`,
  extension: {
    ...RULE.extension,
    titles: { vi: at(3), en: at(4), km: at(5) },
    sentences: { vi: `${at(6)} {source.ip}`, en: `${at(7)} {user.name}`, km: `${at(8)} {host.name}` },
    guidance: Object.fromEntries(
      ['vi', 'en', 'km'].map((language) => [
        language,
        { meaning: PAYLOADS.join('\n'), check: PAYLOADS, act: at(10), escalate: at(11), reviewed: false },
      ]),
    ),
  },
};

/** An event with one payload in every field that pages show. */
function hostileEvent(place: number): Parsed {
  const text = at(place);
  return {
    '@timestamp': '',
    message: text,
    event: { original: text, action: text, outcome: text, module: text, dataset: text, kind: 'event' },
    host: { name: text },
    user: { name: text, domain: text },
    process: { name: text, command_line: text },
    source: { ip: '203.0.113.7', domain: text },
    url: { original: text, path: text, query: text },
    http: { request: { method: text, referrer: text }, response: { status_code: 200 } },
    user_agent: { original: text },
    file: { name: text, path: text },
    rule: { name: text },
    labels: { [`k${place}`]: text },
    tags: [text],
    haidang: { json: { [text.slice(0, 40)]: text } },
  } as unknown as Parsed;
}

/** Puts every payload into every kind of field that a page shows, the way it comes in; gives what pages are about. */
export async function fillWithHostility(bench: Bench): Promise<{ readonly incident: string; readonly alert: string }> {
  const post = async (url: string, payload: object, method: 'POST' | 'PUT' = 'POST') => {
    const answer = await bench.app.inject({ method, url, headers: { host: HOST, origin: `http://${HOST}` }, payload });
    if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.payload}`);
    return answer.json();
  };
  bench.local = true;
  let incident = '';
  try {
    const agencies = PAYLOADS.map((_, place) => (place % 4 === 0 ? (place === 0 ? 'one' : `agency-${place}`) : 'one'));
    for (const [place, id] of agencies.entries()) {
      if (place % 4 !== 0) continue;
      const contact = {
        person: short(place, 200),
        phone: short(place, 50),
        email: short(place + 1, 200),
        address: at(place + 2),
      };
      const createdAt = new Date().toISOString();
      await bench.records
        .as(SYSTEM)
        .create('agency', id, { name: short(place, 200), contact, securityLevel: 3, createdAt });
    }
    const events = PAYLOADS.map((_, place) => hostileEvent(place));
    await storeEvents(bench.events, events);
    const stored = await bench.events.as(SYSTEM).search({
      range: { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() },
      condition: { kind: 'always' },
      limit: 500,
    });
    const ids = stored.events.map(({ id }) => id);
    for (const [place, text] of PAYLOADS.entries()) {
      if (place % 2 === 1) continue;
      await bench.addAlert(`hostile-${place}`, {
        agency: (agencies[place] ?? 'one') as AgencyId,
        rule: place === 0 ? HOSTILE_RULE.id : `gone-${place}`,
        ruleTitle: text,
        group: { 'host.name': text, 'user.name': text },
        groupKey: `g${place}`,
        entities: {
          'source.ip': { values: ['203.0.113.7'], total: 1 },
          'user.name': { values: [text], total: 1 },
          'host.name': { values: place === 0 ? PAYLOADS.slice(0, 50) : [text], total: 50 },
          'url.original': { values: [text], total: 1 },
        },
        events: place === 0 ? ids.slice(0, 60) : [],
        tags: [text, at(place + 1)],
      });
    }
    const made = await post('/api/v1/incidents', {
      alerts: ['hostile-0'],
      title: at(0),
      summary: PAYLOADS.join('\n').slice(0, 20_000),
    });
    incident = made.incident.id as string;
    for (let place = 0; place < PAYLOADS.length; place += 12) {
      const many = PAYLOADS.slice(place, place + 12).join('\n');
      await post(`/api/v1/incidents/${incident}/changes`, {
        comment: many,
        addTask: { title: short(place, 500), assignee: null, due: null },
        addSystem: { name: short(place + 1, 255), agency: null, level: 3 },
      });
      await post('/api/v1/incidents', { alerts: [], title: at(place), agencies: ['one'] });
      await post('/api/v1/shifts', { kind: 'note', text: many.slice(0, 4_000), alerts: [], to: null });
      await post('/api/v1/assets', {
        kind: 'host',
        value: short(place, 255),
        level: 2,
        name: short(place + 1, 200),
        agency: null,
      });
    }
    for (const place of [0, 9, 20, 50, 63, 70]) {
      const name = encodeURIComponent(short(place, 255));
      const answer = await bench.app.inject({
        method: 'POST',
        url: `/api/v1/incidents/${incident}/evidence?name=${name}&note=${encodeURIComponent(at(place))}`,
        headers: { host: HOST, origin: `http://${HOST}`, 'content-type': 'application/octet-stream' },
        payload: Buffer.from(at(place)),
      });
      if (answer.statusCode !== 201) throw new Error(`evidence: ${answer.statusCode} ${answer.payload}`);
    }
    for (let place = 0; place < PAYLOADS.length; place += 8)
      await bench.records.as(SYSTEM).create('collector', `collector-${place}`, hostileCollector(place));
  } finally {
    bench.local = false;
  }
  return { incident, alert: 'hostile-0' };
}

/** What a collector that somebody took over could say of itself. */
function hostileCollector(place: number): CollectorRecord {
  const text = at(place);
  const now = new Date().toISOString();
  return {
    agency: 'one' as AgencyId,
    name: text,
    fingerprint: createHash('sha256').update(String(place)).digest('hex'),
    notAfter: new Date(Date.now() + 86_400_000).toISOString(),
    revoked: false,
    createdAt: now,
    lastSeenAt: now,
    status: null,
    counters: [],
    group: text,
  } as unknown as CollectorRecord;
}

/** Searches that a person keeps; the limit of them is their own. */
export function hostileSearches(): readonly object[] {
  return [0, 9, 14, 40, 62, 70, 75, 80].map((place) => ({
    name: short(place, 120),
    kql: '',
    from: 'now-24h',
    to: 'now',
    by: null,
    shared: true,
  }));
}
