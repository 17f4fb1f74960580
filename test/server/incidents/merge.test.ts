import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVINCE } from '../../../server/alerts/keys.ts';
import type { AgencyId } from '../../../server/identity.ts';
import { type Actor, applyIncidentChanges, startIncident } from '../../../server/incidents/acts.ts';
import { agencyOf, detectionOf, mergeIncidents, partIncidents } from '../../../server/incidents/merge.ts';
import { COLLECTIONS, type IncidentRecord } from '../../../server/incidents/record.ts';

let made = 0;
function newId(): string {
  made += 1;
  return `item-${made}`;
}
const actor: Actor = { by: 'lan', at: '2026-11-22T02:00:00.000Z', id: newId };

function incident(agency: string): IncidentRecord {
  const empty = {
    alerts: [],
    tasks: [],
    comments: [],
    evidence: [],
    systems: [],
    indicators: [],
    techniques: [],
    merged: [],
  };
  const record: IncidentRecord = {
    ...empty,
    acts: [],
    agency: agency as AgencyId,
    ownAgencies: [agency as AgencyId],
    title: `Incident of ${agency}`,
    summary: '',
    status: 'open',
    severity: 'high',
    severityRank: 4,
    owner: null,
    tlp: 'amber',
    rsit: null,
    origin: 'hand',
    detectedAt: actor.at,
    createdAt: actor.at,
    createdBy: 'lan',
    updatedAt: actor.at,
    closedAt: null,
    outcome: null,
    revision: 0,
    waiting: 0,
    pending: [],
  };
  return startIncident(record, { alerts: [], evidence: [] }, actor);
}

const NONE = { alerts: [], evidence: [] };

/** Everything that must not be lost, by id: what an item says, less the way that it came. */
function contents(records: Iterable<IncidentRecord>): Map<string, string> {
  const all = new Map<string, string>();
  for (const record of records)
    for (const name of COLLECTIONS)
      for (const { via: _, ...item } of record[name]) {
        if (name === 'merged') continue;
        const key = `${name} ${item.id}`;
        // In two incidents at once would be as wrong as in none.
        expect(all.has(key), key).toBe(false);
        all.set(key, JSON.stringify(item));
      }
  return all;
}

const step = fc.record({
  kind: fc.constantFrom('merge', 'part', 'comment', 'task', 'done', 'system', 'technique'),
  one: fc.nat(5),
  two: fc.nat(5),
});

describe('merging and parting', () => {
  it('lose nothing, whatever is merged, parted and done in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const all = new Map([...'abcdef'].map((name) => [name, incident(name)]));
        const names = [...all.keys()];
        const expected = contents(all.values());
        const at = (index: number) => names[index] ?? 'a';
        for (const { kind, one, two } of steps) {
          const [id, other] = [at(one), at(two)];
          const record = all.get(id) as IncidentRecord;
          const second = all.get(other) as IncidentRecord;
          if (kind === 'merge') {
            if (id === other || record.mergedInto || second.mergedInto) continue;
            const pair = mergeIncidents({ into: record, from: second }, { into: id, from: other }, actor);
            all.set(id, pair.into).set(other, pair.from);
          } else if (kind === 'part') {
            if (second.mergedInto !== id) continue;
            // What was merged with it into something further comes home only when that is parted first.
            if (record.mergedInto) continue;
            const pair = partIncidents({ into: record, from: second }, { into: id, from: other }, actor.at);
            all.set(id, pair.into).set(other, pair.from);
          } else {
            if (record.mergedInto) continue;
            const open = record.tasks.find(({ doneAt }) => doneAt === null);
            const change = {
              comment: { comment: 'Đã gọi cho đơn vị' },
              task: { addTask: { title: 'Cô lập máy', assignee: null, due: null } },
              done: open ? { task: { id: open.id, done: true } } : { comment: 'x' },
              system: { addSystem: { name: `web${one}${two}`, agency: null, level: 3 } },
              technique: { addTechnique: `T11${one}${two}` },
            }[kind];
            const next = applyIncidentChanges(record, change, NONE, actor);
            all.set(id, next);
            for (const [key, value] of contents([next])) expected.set(key, value);
          }
          const now = contents(all.values());
          expect([...now.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [key, value] of expected) expect(now.get(key)).toBe(value);
        }
        // Parting everything, the outermost first, gives each its own again.
        for (let more = true; more; ) {
          more = false;
          for (const [id, record] of all) {
            const from =
              record.mergedInto === undefined ? record.merged.find(({ via }) => via === undefined) : undefined;
            if (!from) continue;
            const pair = partIncidents(
              { into: record, from: all.get(from.id) as IncidentRecord },
              { into: id, from: from.id },
              actor.at,
            );
            all.set(id, pair.into).set(from.id, pair.from);
            more = true;
          }
        }
        for (const [name, record] of all) {
          expect(record.mergedInto).toBeUndefined();
          expect(record.status).toBe('open');
          expect(record.agency).toBe(name);
          for (const list of COLLECTIONS) expect(record[list].every(({ via }) => via === undefined)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of two agencies gives one of the province, and each its own agency back', () => {
    const pair = mergeIncidents({ into: incident('one'), from: incident('two') }, { into: 'A', from: 'B' }, actor);
    expect(pair.into.agency).toBe(PROVINCE);
    expect(pair.from).toMatchObject({
      agency: 'two',
      status: 'merged',
      mergedInto: 'A',
      statusBefore: 'open',
      acts: [],
    });
    const parted = partIncidents(pair, { into: 'A', from: 'B' }, actor.at);
    expect(parted.into.agency).toBe('one');
    expect(parted.from.agency).toBe('two');
    expect(agencyOf(parted.from)).toBe('two');
  });

  it('refuse an incident that is part of another, itself, and what was never merged', () => {
    const [one, two, three] = [incident('one'), incident('two'), incident('three')];
    const pair = mergeIncidents({ into: one, from: two }, { into: 'A', from: 'B' }, actor);
    const again = () => mergeIncidents({ into: three, from: pair.from }, { into: 'C', from: 'B' }, actor);
    expect(again).toThrow(/part of "A" already/);
    expect(() => mergeIncidents({ into: one, from: one }, { into: 'A', from: 'A' }, actor)).toThrow(/itself/);
    expect(() => partIncidents({ into: pair.into, from: three }, { into: 'A', from: 'C' }, actor.at)).toThrow(
      /not merged/,
    );
  });
});

describe('the time of detection', () => {
  it('is the earliest of all that is part of an incident, and as before once it is parted', () => {
    const at = (hour: string) => `2026-11-22T${hour}:00:00.000Z`;
    const [late, early, first] = [at('09'), at('05'), at('01')].map((detectedAt) => {
      return { ...incident('one'), detectedAt };
    }) as [IncidentRecord, IncidentRecord, IncidentRecord];
    const one = mergeIncidents({ into: early, from: first }, { into: 'early', from: 'first' }, actor);
    expect(detectionOf(one.into)).toBe(at('01'));
    const two = mergeIncidents({ into: late, from: one.into }, { into: 'late', from: 'early' }, actor);
    expect(two.into.detectedAt).toBe(at('09'));
    expect(detectionOf(two.into)).toBe(at('01'));
    const parted = partIncidents(two, { into: 'late', from: 'early' }, actor.at);
    expect(detectionOf(parted.into)).toBe(at('09'));
    expect(detectionOf(parted.from)).toBe(at('01'));
  });

  it('of records from before is the incident’s own', () => {
    const record = incident('one');
    const old = { id: 'x', at: actor.at, by: 'lan', title: 'x', agencies: [] };
    expect(detectionOf({ ...record, merged: [old] })).toBe(record.detectedAt);
  });
});
