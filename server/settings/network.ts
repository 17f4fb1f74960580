import { hosts, hostsAndNetworks, integer, port, text } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** Who may reach this server and where, and whom it may ask. */
export const NETWORK_SETTINGS = {
  port: setting({
    env: 'HAIDANG_PORT',
    fallback: 8080,
    does: 'Port of the console, API and WebSocket; 0 takes a free one.',
    read: port,
  }),
  allowed_hosts: setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: "Host names and addresses besides the loopback ones under which browsers may ask for the console; they stand in the built-in authority's certificate for it.",
    read: hosts,
  }),
  'outbound.allow_private': setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'Host names, addresses and networks (CIDR) outside of the public Internet that this server may ask: the national center, a provider of sign-ins, feeds, mail and web hooks inside the state network. Of recipients and the provider, an address in digits is allowed by standing in this file.',
    read: hostsAndNetworks,
  }),
  'limits.requests_per_minute': setting({
    fallback: 1200,
    does: 'Most requests a minute of one person, or of one address without a session; what is more is answered with 429.',
    read: integer(60, 1_000_000),
  }),
  ingest_host: setting({
    fallback: '127.0.0.1',
    does: 'Address where collectors connect, always with mutual TLS; `0.0.0.0` or `::` for collectors on other machines.',
    read: text(2, 100),
  }),
  ingest_port: setting({
    env: 'HAIDANG_INGEST_PORT',
    fallback: 8443,
    does: 'Port where collectors connect; 0 takes a free one.',
    read: port,
  }),
  ingest_names: setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: "Further host names and IPv4 addresses by which collectors reach this server, put into its certificate beside the machine's own name; `haidang collector token` prints what to do on the other machine.",
    read: hosts,
  }),
  syslog_port: setting({
    env: 'HAIDANG_SYSLOG_PORT',
    fallback: 5514,
    does: 'Port of the local collector for syslog, UDP and TCP; only `haidang up` uses it.',
    read: port,
  }),
} as const;
