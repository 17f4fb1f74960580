import { ACCOUNT_SETTINGS, SECOND_FACTOR_SETTINGS } from './settings/accounts.ts';
import { AGENCY_SETTINGS } from './settings/agency.ts';
import { BACKUP_SETTINGS } from './settings/backup.ts';
import { BOUNDS_SETTINGS } from './settings/bounds.ts';
import { COLLECTOR_SETTINGS } from './settings/collector.ts';
import { NETWORK_SETTINGS } from './settings/network.ts';
import { NOTIFY_SETTINGS } from './settings/notify.ts';
import { OIDC_SETTINGS } from './settings/oidc.ts';
import { OPENSEARCH_SETTINGS } from './settings/opensearch.ts';
import { RETENTION_SETTINGS } from './settings/retention.ts';
import { SERVER_SETTINGS } from './settings/server.ts';
import { setting } from './settings/setting.ts';
import { SHARING_SETTINGS } from './settings/sharing.ts';
import { oneOf } from './system/setting-readers.ts';

/** Every setting of the server, with its meaning; `docs/configuration.md` is made from this table. */
export const SETTINGS = {
  ...SERVER_SETTINGS,
  ...SECOND_FACTOR_SETTINGS,
  ...OIDC_SETTINGS,
  ...ACCOUNT_SETTINGS,
  ...NETWORK_SETTINGS,
  ...AGENCY_SETTINGS,
  ...BOUNDS_SETTINGS,
  ...RETENTION_SETTINGS,
  ...BACKUP_SETTINGS,
  ...SHARING_SETTINGS,
  ...NOTIFY_SETTINGS,
  ...COLLECTOR_SETTINGS,
  ...OPENSEARCH_SETTINGS,
  log_level: setting({
    env: 'HAIDANG_LOG_LEVEL',
    fallback: 'info',
    does: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
} as const;
