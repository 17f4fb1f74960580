/** As which product a listener presents itself to senders that ask. */
export type Presented = 'elasticsearch' | 'opensearch';

/** An answer to one of the questions that senders put before they send. */
export interface ElasticAnswer {
  readonly status: number;
  readonly body: unknown;
  /** For the `_cat` addresses, which answer in text. */
  readonly isText?: boolean;
}

const VERSIONS: Readonly<Record<Presented, string>> = { elasticsearch: '8.17.0', opensearch: '2.19.0' };
const NODE = 'haidang';

/** Addresses under which senders put templates, policies, pipelines and indexes: taken, and without effect here. */
const SETUP =
  /^\/(?:_index_template|_component_template|_template|_data_stream|_ilm\/policy|_ingest\/pipeline|_plugins\/_ism\/policies|_opendistro\/_ism\/policies|_slm\/policy|_cluster\/settings|_enrich\/policy|_security\/role)(?:\/|$)/;
const INDEX = /^\/[^/_][^/]*(?:\/(?:_settings|_mapping|_mappings|_alias(?:es)?(?:\/[^/]+)?|_aliases|_refresh|_doc))?$/;

function info(presented: Presented, host: string): unknown {
  const number = VERSIONS[presented];
  return {
    name: host,
    cluster_name: NODE,
    cluster_uuid: 'haidang-collector-00000',
    version: {
      ...(presented === 'opensearch' ? { distribution: 'opensearch' } : { build_flavor: 'default' }),
      number,
      build_type: 'tar',
      build_hash: 'unknown',
      build_date: '2025-01-01T00:00:00.000Z',
      build_snapshot: false,
      lucene_version: '9.12.0',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0',
    },
    // Older clients refuse a server that does not say it in these words.
    tagline: presented === 'opensearch' ? 'The OpenSearch Project: https://opensearch.org/' : 'You Know, for Search',
  };
}

const HEALTH = {
  cluster_name: NODE,
  status: 'green',
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  active_primary_shards: 0,
  active_shards: 0,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
};

const LICENSE = {
  license: {
    status: 'active',
    uid: '00000000-0000-0000-0000-000000000000',
    type: 'basic',
    issue_date_in_millis: 1_735_689_600_000,
    max_nodes: 1_000,
    issued_to: NODE,
    issuer: NODE,
  },
};

/**
 * What an Elasticsearch or OpenSearch of the presented kind would answer to a sender's questions about version,
 * licence, health, nodes, templates and policies; undefined for an address that is none of those. Nothing is kept of
 * what is set up: events go through this collector's parsers, not through index templates.
 */
export function answerProbe(
  method: string,
  path: string,
  presented: Presented,
  address: string,
): ElasticAnswer | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  if (isRead && path === '/') return { status: 200, body: info(presented, NODE) };
  if (isRead && (path === '/_license' || path === '/_xpack/license')) return { status: 200, body: LICENSE };
  if (isRead && path === '/_xpack') {
    const feature = { available: true, enabled: false };
    return {
      status: 200,
      body: { build: {}, ...LICENSE, features: { ilm: { available: true, enabled: true }, security: feature } },
    };
  }
  if (isRead && path.startsWith('/_cluster/health')) return { status: 200, body: HEALTH };
  if (isRead && path.startsWith('/_cat/health'))
    return { status: 200, body: `0 00:00:00 ${NODE} green 1 1\n`, isText: true };
  if (isRead && path.startsWith('/_cat/')) return { status: 200, body: '', isText: true };
  if (isRead && path.startsWith('/_nodes')) {
    const version = VERSIONS[presented];
    const http = { bound_address: [address], publish_address: address, max_content_length_in_bytes: 33_554_432 };
    const node = { name: NODE, version, ip: address.replace(/:\d+$/, ''), roles: ['ingest'], http };
    return {
      status: 200,
      body: { _nodes: { total: 1, successful: 1, failed: 0 }, cluster_name: NODE, nodes: { [NODE]: node } },
    };
  }
  if (!SETUP.test(path) && !INDEX.test(path) && path !== '/_aliases' && path !== '/_refresh') return undefined;
  if (isRead) {
    return { status: 404, body: failure(404, 'resource_not_found_exception', `There is no ${path} here.`) };
  }
  if (method === 'PUT' || method === 'POST') {
    const [, index] = /^\/([^/_][^/]*)$/.exec(path) ?? [];
    return { status: 200, body: { acknowledged: true, shards_acknowledged: true, ...(index ? { index } : {}) } };
  }
  return undefined;
}

/** A fault in the form that senders of this kind read. */
export function failure(status: number, type: string, reason: string): unknown {
  return { error: { root_cause: [{ type, reason }], type, reason }, status };
}
