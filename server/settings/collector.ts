import { inputs, networks, text, timeZone } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** The local collector of `haidang up`. */
export const COLLECTOR_SETTINGS = {
  'collector.inputs': setting<unknown>({
    fallback: 'auto',
    does: 'Inputs of the local collector of `haidang up`: `auto`, or a list as docs/collector.md describes.',
    read: inputs,
  }),
  'collector.time_zone': setting<string | undefined>({
    fallback: undefined,
    fallbackText: "the machine's own",
    does: 'Time zone of log lines that name none, for the local collector of `haidang up` (IANA name).',
    read: timeZone,
  }),
  'collector.geo.country': setting<string | undefined>({
    env: 'HAIDANG_GEO_COUNTRY',
    fallback: undefined,
    fallbackText: 'none',
    does: 'MMDB file that tells the country of public addresses, for the local collector of `haidang up`; see collector.md.',
    read: text(1, 4000),
  }),
  'collector.geo.as': setting<string | undefined>({
    env: 'HAIDANG_GEO_AS',
    fallback: undefined,
    fallbackText: 'none',
    does: 'MMDB file that tells the autonomous system of public addresses, for the same collector.',
    read: text(1, 4000),
  }),
  'collector.internal_networks': setting<readonly string[] | undefined>({
    fallback: undefined,
    fallbackText: 'private, loopback and link-local ones',
    does: 'Networks (CIDR) that are inside, by which the same collector tells the direction of connections.',
    read: networks,
  }),
} as const;
