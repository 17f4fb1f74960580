import type { FastifyInstance } from 'fastify';
import {
  FINDINGS,
  type FleetCollector,
  type FleetCollectors,
  type FleetSettings,
  POLICY_FAULTS,
  type PolicyCheck,
  type PolicyGroups,
  type PolicyVersions,
} from '../../server/fleet/schema.ts';
import { HOSTILE } from './samples.ts';

const NOW = Date.UTC(2026, 10, 22, 3);
const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();
const hostile = (index: number): string => HOSTILE[index % HOSTILE.length] ?? '';
const MIB = 1024 ** 2;

const collector = (index: number): FleetCollector => {
  const state = (['broken', 'attention', 'well', 'revoked'] as const)[index % 4] ?? 'well';
  return {
    id: `c${String(index).padStart(9, '0')}`,
    name: index % 2 === 0 ? `ioffice-${index}` : hostile(index),
    agency: 'so-tttt',
    agencyName: index % 2 === 0 ? 'Sở Thông tin và Truyền thông' : hostile(index + 1),
    agencies: ['so-tttt'],
    group: index % 3 === 0 ? 'default' : 'ubnd-xa',
    state,
    // All of them once, so that each text is seen.
    findings: FINDINGS.filter((_, place) => place % 4 === index % 4).map((what) => ({
      what,
      source: what.startsWith('source') ? `file:/var/log/${hostile(index)}.log` : null,
      at: ago(4_000),
      amount: what === 'spool' ? 91 : what === 'disk' ? 200 * MIB : what === 'clock' ? 45_000 : null,
      detail: what === 'policy' || what === 'source_error' ? hostile(index + 2) : null,
    })),
    version: '0.1.0',
    lastSeenAt: index === 0 ? null : ago(20),
    startedAt: ago(90_000),
    certificateEnds: ago(-900_000),
    waitingEvents: index * 1_200,
    waitingSince: index % 2 === 0 ? null : ago(700),
    cpuPercent: 3.4,
    rssBytes: 120 * MIB,
    spoolBytes: 40 * MIB,
    spoolMaxBytes: 10_240 * MIB,
    diskFreeBytes: 50_000 * MIB,
    clockOffsetMs: 120,
    quarantined: 0,
    sources: [
      {
        source: `file:/var/log/${hostile(index)}`,
        lastReadAt: ago(40),
        read: 9_000,
        unparsed: 3,
        dropped: 2,
        error: null,
      },
      { source: 'journald', lastReadAt: null, read: 0, unparsed: 0, dropped: 0, error: hostile(index + 3) },
    ],
    policy: { version: index % 3 === 0 ? null : 4, failed: null, trial: index % 2 === 0 },
    server: 'soc.tinh.gov.vn:8443',
    bandwidthLimit: index % 2 === 0 ? null : 250_000,
    sentPerSecond: 12_000,
  };
};

const collectors = Array.from({ length: 6 }, (_, index) => collector(index));
const FLEET: FleetCollectors = { now: ago(0), collectors };
const group = (name: string, version: number | null): PolicyGroups['groups'][number] => ({
  group: name,
  version,
  at: version === null ? null : ago(80_000),
  by: version === null ? null : 'lan',
  collectors: 3,
  states: { well: 1, attention: 1, broken: 1, revoked: 0 },
  waitingEvents: 5_000,
  running: [
    { version, collectors: ['ioffice-2', hostile(1)] },
    { version: null, collectors: ['ioffice-4'] },
  ].slice(0, version === null ? 1 : 2),
  failed: version === null ? [] : [{ id: 'c000000001', name: hostile(2), version, reason: hostile(3) }],
});
const yaml = (rate: number) => `bandwidth: ${rate} Mbit/s\ninputs:\n  - type: file\n    paths: [/var/log/*.log]\n`;

/** What the fleet page asks for: collectors in every state, groups, policies by version, allowed silence. */
export function addFleetRoutes(app: FastifyInstance): void {
  const api = '/api/v1/collectors';
  let settings: FleetSettings = {
    silence: [
      { collector: '*', source: 'file:/var/log/nginx/*', minutes: 30 },
      { collector: 'c000000001', source: hostile(1), minutes: 0 },
    ],
  };
  app.get(api, () => FLEET);
  app.get(`${api}/settings`, () => settings);
  app.put(`${api}/settings`, (request) => {
    settings = request.body as FleetSettings;
    return settings;
  });
  app.get(`${api}/policies`, (): PolicyGroups => ({ groups: [group('default', null), group('ubnd-xa', 4)] }));
  app.get(
    `${api}/policies/:group/versions`,
    (): PolicyVersions => ({
      group: 'ubnd-xa',
      versions: [4, 3, 2].map((version) => ({
        version,
        yaml: yaml(version),
        at: ago(80_000 * (5 - version)),
        by: version === 3 ? hostile(4) : 'lan',
        restores: version === 4 ? 2 : null,
      })),
    }),
  );
  app.post(`${api}/policies/check`, (request): PolicyCheck => {
    const { yaml: text } = request.body as { readonly yaml: string };
    const faults = POLICY_FAULTS.map((code, place) => ({ line: place + 1, code, detail: hostile(place) }));
    return { faults: text.includes('wrong') ? faults : [] };
  });
}
