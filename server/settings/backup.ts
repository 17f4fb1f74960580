import { isAbsolute } from 'node:path';
import { isS3Address, readS3Address } from '../backup/s3/address.ts';
import { endpoint, region } from '../backup/s3/settings.ts';
import { integer, text, yesOrNo } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** Backups, and the storage that they go to. */
export const BACKUP_SETTINGS = {
  'backup.keep': setting({
    fallback: 3,
    does: 'How many backups stay at a target where `haidang backup` does not say `--keep`. See backup.md.',
    read: integer(1, 1_000),
  }),
  'backup.to': setting<string | undefined>({
    env: 'HAIDANG_BACKUP_TO',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Where backups go that are begun in the console: a folder (absolute path) or `s3://bucket/prefix`. The command line goes wherever `--to` says.',
    read: backupTarget,
  }),
  's3.endpoint': setting<string | undefined>({
    env: 'HAIDANG_S3_ENDPOINT',
    fallback: undefined,
    fallbackText: "Amazon's for the region",
    does: 'Address of storage that speaks S3, for backups: `https://host:port`; `http` only for this machine.',
    read: endpoint,
  }),
  's3.region': setting({
    env: 'HAIDANG_S3_REGION',
    fallback: 'us-east-1',
    does: 'Region that requests to the storage are signed for.',
    read: region,
  }),
  's3.path_style': setting({
    env: 'HAIDANG_S3_PATH_STYLE',
    fallback: true,
    does: 'Whether the bucket stands in the path of requests; `false` for storage that wants it in the host name.',
    read: yesOrNo,
  }),
  's3.ca_file': setting<string | undefined>({
    env: 'HAIDANG_S3_CA_FILE',
    fallback: undefined,
    fallbackText: "the machine's own authorities",
    does: 'PEM file of the authority that signed the certificate of the storage.',
    read: text(1, 4000),
  }),
  's3.access_key_file': setting<string | undefined>({
    env: 'HAIDANG_S3_ACCESS_KEY_FILE',
    fallback: undefined,
    fallbackText: '`AWS_ACCESS_KEY_ID`',
    does: 'File with the access key of the storage in its first line; read anew for each backup.',
    read: text(1, 4000),
  }),
  's3.secret_key_file': setting<string | undefined>({
    env: 'HAIDANG_S3_SECRET_KEY_FILE',
    fallback: undefined,
    fallbackText: '`AWS_SECRET_ACCESS_KEY`',
    does: 'File with its secret key in the first line; read anew for each backup.',
    read: text(1, 4000),
  }),
} as const;

/** A place for backups. @throws Error */
function backupTarget(value: unknown): string {
  if (typeof value === 'string' && isS3Address(value)) readS3Address(value);
  else if (typeof value !== 'string' || !isAbsolute(value))
    throw new Error('must be the absolute path of a folder, or s3://bucket/prefix.');
  return value;
}
