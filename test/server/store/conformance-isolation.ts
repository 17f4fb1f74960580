import { beforeEach, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, AGENCY_B, batchOf, batchOfLines, idAt, sshFailure } from './frames.ts';

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

function viewer(...agencies: AgencyId[]): Identity {
  return { kind: 'user', name: 'viewer', role: 'viewer', agencies };
}

/** Two agencies in one store: neither sees anything of the other, by any call of the view. */
export function isolationCases(bench: Bench): void {
  describe('agency scope of events', () => {
    const idOf = (sequence: number, collector: string) =>
      idAt(sequence, String(sshFailure(sequence).event?.['original']), { collector });

    beforeEach(async () => {
      const events = [sshFailure(1), sshFailure(2)];
      await bench.store.events.append(batchOf(events, { collector: 'c1aaaaaa', agency: AGENCY_A }));
      await bench.store.events.append(batchOf(events, { collector: 'c2bbbbbb', agency: AGENCY_B }));
      await bench.store.events.append(batchOfLines(['bad'], { first: 3, collector: 'c2bbbbbb', agency: AGENCY_B }));
    });

    const viewers: readonly (readonly [string, Identity, readonly AgencyId[]])[] = [
      ['one agency', viewer(AGENCY_A), [AGENCY_A, AGENCY_A]],
      ['the other', viewer(AGENCY_B), [AGENCY_B, AGENCY_B]],
      ['both', viewer(AGENCY_A, AGENCY_B), [AGENCY_B, AGENCY_A, AGENCY_B, AGENCY_A]],
      ['none', viewer(), []],
      ['an agency with a quote in its name', viewer("x' OR '1'='1" as AgencyId), []],
      ['the system', SYSTEM, [AGENCY_B, AGENCY_A, AGENCY_B, AGENCY_A]],
    ];

    it('shows each viewer its own agencies and nothing else', async () => {
      for (const [who, identity, agencies] of viewers) {
        const view = bench.store.events.as(identity);
        for (const kql of ['', 'failed', 'organization.id: *', 'not organization.id: nowhere', 'message: *pass*']) {
          const condition = parseKql(kql);
          const { events } = await view.search({ range: RANGE, condition, limit: 10 });
          expect([who, events.map(({ event }) => (event['organization'] as { id: string }).id)]).toEqual([
            who,
            agencies,
          ]);
          expect(await view.count({ range: RANGE, condition })).toEqual({ count: agencies.length, complete: true });
          expect((await view.histogram({ range: RANGE, condition, intervalSeconds: 3600 })).total).toBe(
            agencies.length,
          );
        }
        const ids = [idOf(1, 'c1aaaaaa'), idOf(1, 'c2bbbbbb')];
        expect((await view.getMany(ids)).length * 2).toBe(agencies.length);
        expect((await view.get(ids[1] ?? '')) !== undefined).toBe(agencies.includes(AGENCY_B));
        expect((await view.deadLetters(10)).length).toBe(agencies.includes(AGENCY_B) ? 1 : 0);
      }
    });
  });
}
