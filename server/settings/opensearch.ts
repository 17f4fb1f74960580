import { timeOfDay } from '../retention/settings.ts';
import type { UpkeepSettings } from '../store/opensearch/upkeep.ts';
import { attributeName, integer, nodeName, text } from '../system/setting-readers.ts';
import { setting, type ValuesOf } from './setting.ts';

/** How a cluster is spoken to. */
export const OPENSEARCH_SETTINGS = {
  'opensearch.ca_file': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_CA_FILE',
    fallback: undefined,
    fallbackText: "the machine's own authorities",
    does: 'PEM file of the authority that signed the certificates of the OpenSearch nodes.',
    read: text(1, 4000),
  }),
  'opensearch.user': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_USER',
    fallback: undefined,
    fallbackText: 'that of the address',
    does: 'User of the OpenSearch cluster; its role is server/store/opensearch/role.json.',
    read: text(1, 200),
  }),
  'opensearch.password_file': setting<string | undefined>({
    env: 'HAIDANG_OPENSEARCH_PASSWORD_FILE',
    fallback: undefined,
    fallbackText: 'the password of the address',
    does: 'File with the password of that user in its first line; read again where the cluster refuses the one before.',
    read: text(1, 4000),
  }),
  'opensearch.node': setting({
    env: 'HAIDANG_NODE',
    fallback: 'main',
    does: 'Name of this server among those that share an OpenSearch cluster, each its own: lower-case letters, digits and hyphens.',
    read: nodeName,
  }),
  'opensearch.shards': setting({
    fallback: 1,
    does: "Shards of a day's index; see scale.md.",
    read: integer(1, 100),
  }),
  'opensearch.replicas': setting({
    env: 'HAIDANG_OPENSEARCH_REPLICAS',
    fallback: 0,
    does: 'Copies of each index on other nodes: at least 1 where the cluster has more than one node.',
    read: integer(0, 5),
  }),
  'opensearch.upkeep_at': setting({
    fallback: '01:30',
    does: 'Time of day, in `time_zone`, at which one of the servers settles old days of the cluster and takes a snapshot. See store-opensearch.md.',
    read: timeOfDay,
  }),
  'opensearch.settle_after_days': setting({
    fallback: 10,
    does: 'Full days after which a day of the cluster takes no events any more: its index is merged, and moved where nodes are told apart.',
    read: integer(9, 3650),
  }),
  'opensearch.tier_attribute': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: "Attribute that tells the cluster's nodes apart (`node.attr.NAME`): new days go to nodes where it is `hot`, settled days to those where it is `warm`.",
    read: attributeName,
  }),
  'opensearch.snapshot_folder': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'no snapshots',
    does: 'Folder for nightly snapshots, the same on every node of the cluster and named in its `path.repo`.',
    read: text(1, 4000),
  }),
  'opensearch.snapshot_keep': setting({
    fallback: 14,
    does: 'Nightly snapshots that stay.',
    read: integer(1, 400),
  }),
} as const;

/** How the cluster is spoken to; without meaning for the embedded store. */
export interface OpenSearchSettings {
  readonly caFile: string | undefined;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  /** This server's name among those that share the cluster. */
  readonly node: string;
  readonly shards: number;
  readonly replicas: number;
  readonly upkeep: UpkeepSettings;
}

/** The settings as one. */
export function openSearchSettings(values: ValuesOf<typeof OPENSEARCH_SETTINGS>): OpenSearchSettings {
  return {
    caFile: values['opensearch.ca_file'],
    user: values['opensearch.user'],
    passwordFile: values['opensearch.password_file'],
    node: values['opensearch.node'],
    shards: values['opensearch.shards'],
    replicas: values['opensearch.replicas'],
    upkeep: {
      at: values['opensearch.upkeep_at'],
      tiers: { afterDays: values['opensearch.settle_after_days'], attribute: values['opensearch.tier_attribute'] },
      snapshots:
        values['opensearch.snapshot_folder'] === undefined
          ? undefined
          : { folder: values['opensearch.snapshot_folder'], keep: values['opensearch.snapshot_keep'] },
    },
  };
}

/** `OPENSEARCH_URL`. The address may hold a password, so that it is never repeated in a message. @throws Error */
export function readOpenSearchUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const isAddress = (part: string) => URL.canParse(part) && /^https?:$/.test(new URL(part).protocol);
  if (text.split(',').every((part) => isAddress(part.trim()))) return text;
  throw new Error(
    'OPENSEARCH_URL is no address of a cluster; write it like https://user:password@host:9200 (several nodes parted by commas), or unset it to use the embedded store.',
  );
}
