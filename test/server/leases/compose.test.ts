import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../server/config.ts';
import role from '../../../server/store/opensearch/role.json' with { type: 'json' };

interface Service {
  readonly image?: string;
  readonly restart?: string;
  readonly network_mode?: string;
  readonly networks?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const text = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const secretsOf = (service: Service) =>
  (service.secrets ?? []).map((one) => (typeof one === 'string' ? one : one.source));
/** Compose writes `$$` where a `$` is meant. */
const contentOf = (name: string) => compose.configs[name]?.content.replaceAll('$$', '$') ?? '';

describe('docker-compose.yml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haidang-compose-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has three nodes, two servers and a collector, each with a health check and a policy for restarts', () => {
    const named = (start: string) => services.filter(([name]) => name.startsWith(start)).length;
    expect([named('opensearch-'), named('server-'), named('collector')]).toEqual([3, 2, 1]);
    for (const [name, service] of services) {
      expect([name, service.healthcheck?.test.length]).not.toEqual([name, undefined]);
      expect(service.restart, name).toMatch(/^(always|unless-stopped)$/);
      expect(service.image, name).toMatch(/^[a-z/]+:\d/);
    }
  });

  it('refers only to what it defines, and defines nothing that is not used', () => {
    const used = {
      volumes: new Set<string>(),
      secrets: new Set<string>(),
      configs: new Set<string>(),
      networks: new Set<string>(),
    };
    for (const [, service] of services) {
      for (const volume of service.volumes ?? []) used.volumes.add(volume.split(':')[0] ?? '');
      for (const secret of secretsOf(service)) used.secrets.add(secret);
      for (const { source } of service.configs ?? []) used.configs.add(source);
      for (const network of service.networks ?? []) used.networks.add(network);
      for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other);
      const beside = /^service:(.*)$/.exec(service.network_mode ?? '')?.[1];
      if (beside !== undefined) expect(Object.keys(compose.services)).toContain(beside);
    }
    for (const kind of ['volumes', 'secrets', 'configs', 'networks'] as const) {
      expect([kind, [...used[kind]].sort()]).toEqual([kind, Object.keys(compose[kind]).sort()]);
    }
  });

  it('publishes no port twice, and none of the store', () => {
    const published = services.flatMap(([, { ports = [] }]) =>
      ports.map((port) => `${port.split(':')[0]}/${port.split('/')[1] ?? 'tcp'}`),
    );
    expect(new Set(published).size).toBe(published.length);
    for (const [name, service] of services)
      if (name.startsWith('opensearch-')) expect(service.ports, name).toBeUndefined();
    expect(compose.networks['store']).toEqual({ internal: true });
  });

  it('holds no password: each secret is a file', () => {
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\/[\w.-]+$/);
    for (const [name, { environment = {} }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        expect([name, key]).not.toEqual([name, expect.stringMatching(/password/i)]);
        expect(value, `${name}: ${key}`).not.toMatch(/:\/\/[^/]*@/);
      }
    }
  });

  it('gives each node and each server a name, a certificate and a volume of its own', () => {
    for (const start of ['opensearch-', 'server-']) {
      const group = services.filter(([name]) => name.startsWith(start));
      for (const [name, { environment = {}, volumes = [] }] of group) {
        expect(environment['node.name'] ?? environment['HAIDANG_NODE']).toBe(name);
        expect(volumes[0]?.split(':')[0]).toBe(name);
      }
    }
    const keys = services.flatMap(([, service]) =>
      secretsOf(service).filter((secret) => /^opensearch-\d-key$/.test(secret)),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it("gives the servers' user the role that the tests run with", () => {
    const roles = parse(contentOf('opensearch-roles')) as Record<string, typeof role>;
    const { description: _, ...permissions } = role;
    expect(roles['haidang']).toEqual(permissions);
    expect(parse(contentOf('opensearch-roles-mapping'))).toMatchObject({ haidang: { users: ['haidang'] } });
  });

  it('configures a server in a way that a server accepts', async () => {
    const file = join(folder, 'server.yaml');
    writeFileSync(file, contentOf('server'));
    for (const [name, { environment = {}, secrets = [] }] of services) {
      if (!name.startsWith('server-')) continue;
      const config = await loadConfig(file, environment);
      expect(config.openSearch).toMatchObject({ node: name, user: 'haidang', replicas: 1 });
      for (const path of [config.openSearch.caFile, config.openSearch.passwordFile]) {
        expect(secrets).toContain(path?.replace('/run/secrets/', ''));
      }
      const nodes = config.openSearchUrl?.split(',').map((url) => new URL(url).hostname);
      expect(nodes).toEqual(['opensearch-1', 'opensearch-2', 'opensearch-3']);
    }
  });
});
