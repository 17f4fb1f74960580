import type { Row } from './device-fields.ts';

/** Names of the fields at their places; an empty word is one that nothing is made of. */
const names = (text: string): readonly string[] =>
  text
    .trim()
    .split(/\s+/)
    .map((name) => (name === '_' ? '' : name));

const HEAD = '_ receive_time serial type subtype _ time_generated';
const ENDS =
  'src dst natsrc natdst rule srcuser dstuser app vsys from to inbound_if outbound_if logset _ sessionid repeatcnt sport dport natsport natdport flags proto action';
const GROUPS = '_ _ _ _ vsys_name device_name';

const HIP_MATCH = names(
  `${HEAD} srcuser vsys machinename os src matchname repeatcnt matchtype _ _ seqno actionflags ${GROUPS} _ srcipv6 hostid`,
);
const TUNNELS = names(`${HEAD} ${ENDS} severity seqno actionflags srcloc dstloc ${GROUPS} tunnelid monitortag`);

/**
 * The places of the fields by type of log, as the PAN-OS administrator's guide lists them (9.1 to 11.0, "Syslog Field
 * Descriptions"). Older versions have the same places and fewer of them.
 */
export const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  TRAFFIC: names(
    `${HEAD} ${ENDS} bytes bytes_sent bytes_received packets start elapsed category _ seqno actionflags srcloc dstloc _ pkts_sent pkts_received session_end_reason ${GROUPS} action_source`,
  ),
  DECRYPTION: names(`${HEAD} ${ENDS}`),
  THREAT: names(
    `${HEAD} ${ENDS} misc threatid category severity direction seqno actionflags srcloc dstloc _ contenttype pcap_id filedigest cloud url_idx user_agent filetype xff referer sender subject recipient reportid ${GROUPS} _ _ _ http_method`,
  ),
  SYSTEM: names(`${HEAD} vsys eventid object _ _ module severity opaque seqno actionflags ${GROUPS}`),
  CONFIG: names(
    `${HEAD} host vsys cmd admin client result path before_change after_change seqno actionflags ${GROUPS}`,
  ),
  GLOBALPROTECT: names(
    `${HEAD} vsys eventid stage auth_method tunnel_type srcuser srcregion machinename public_ip public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver client_os client_os_ver repeatcnt reason error description status location login_duration connect_method error_code portal seqno actionflags`,
  ),
  USERID: names(
    `${HEAD} vsys ip user datasourcename eventid repeatcnt timeout beginport endport datasource datasourcetype seqno actionflags ${GROUPS}`,
  ),
  HIPMATCH: HIP_MATCH,
  'HIP-MATCH': HIP_MATCH,
  IPTAG: names(
    `${HEAD} vsys ip tag_name event repeatcnt timeout datasourcename datasource_type datasource_subtype seqno actionflags ${GROUPS}`,
  ),
  CORRELATION: names(`${HEAD} src srcuser vsys category severity ${GROUPS} _ objectname object_id evidence`),
  TUNNEL: TUNNELS,
  START: TUNNELS,
  END: TUNNELS,
  AUTHENTICATION: names(
    `${HEAD} vsys ip user normalize_user object authpolicy repeatcnt authid vendor logset serverprofile description clienttype event factorno seqno actionflags ${GROUPS}`,
  ),
};

/** What means the same in every type of log. */
export const COMMON_ROWS: readonly Row[] = [
  ['src', 'source', 'end'],
  ['public_ip', 'source', 'end'],
  ['public_ipv6', 'source', 'end'],
  ['srcipv6', 'source', 'end'],
  ['ip', 'source', 'end'],
  ['host', 'source', 'end'],
  ['sport', 'source.port', 'port'],
  ['natsrc', 'source.nat.ip', 'ip'],
  ['private_ip', 'source.nat.ip', 'ip'],
  ['natsport', 'source.nat.port', 'port'],
  ['machinename', 'source.domain'],
  ['srcuser', 'source.user.name'],
  ['bytes_sent', 'source.bytes', 'count'],
  ['pkts_sent', 'source.packets', 'count'],
  ['dst', 'destination', 'end'],
  ['dport', 'destination.port', 'port'],
  ['natdst', 'destination.nat.ip', 'ip'],
  ['natdport', 'destination.nat.port', 'port'],
  ['dstuser', 'destination.user.name'],
  ['bytes_received', 'destination.bytes', 'count'],
  ['pkts_received', 'destination.packets', 'count'],
  ['bytes', 'network.bytes', 'count'],
  ['packets', 'network.packets', 'count'],
  ['proto', 'network.transport', 'transport'],
  ['app', 'network.application', 'lower'],
  ['inbound_if', 'observer.ingress.interface.name'],
  ['outbound_if', 'observer.egress.interface.name'],
  ['from', 'observer.ingress.zone'],
  ['to', 'observer.egress.zone'],
  ['serial', 'observer.serial_number'],
  ['admin', 'user.name'],
  ['user', 'user.name'],
  ['reason', 'event.reason'],
  ['error', 'event.reason'],
  ['session_end_reason', 'event.reason'],
  ['http_method', 'http.request.method'],
  ['user_agent', 'user_agent.original'],
  ['referer', 'http.request.referrer'],
  ['filedigest', 'file.hash', 'hash'],
  ['subject', 'email.subject'],
];
