import type { Draft } from './draft.ts';
import { classify, isAddress, relate } from './draft.ts';
import { put, putTransport } from './put.ts';
import { isoTimeAt } from './time.ts';
import {
  accountOf,
  addressOf,
  baseName,
  known,
  putCommandLine,
  putEnd,
  putHashes,
  putPath,
  putProcess,
} from './windows-fields.ts';
import type { WindowsRecord } from './windows-record.ts';

type Data = WindowsRecord['data'];

/** Category, type and action by event number (Sysmon 15, schema 4.90). */
const MEANINGS: Readonly<Record<string, readonly [category: string, type: string, action: string]>> = {
  1: ['process', 'start', 'created-process'],
  2: ['file', 'change', 'file-creation-time-changed'],
  3: ['network', 'connection start protocol', 'network-connection'],
  4: ['process', 'change', 'service-state-changed'],
  5: ['process', 'end', 'exited-process'],
  6: ['driver', 'start', 'driver-loaded'],
  7: ['library', 'start', 'image-loaded'],
  8: ['process', 'change', 'remote-thread-created'],
  9: ['process', 'access', 'raw-access-read'],
  10: ['process', 'access', 'process-accessed'],
  11: ['file', 'creation', 'file-created'],
  12: ['configuration registry', 'change', 'registry-object-changed'],
  13: ['configuration registry', 'change', 'registry-value-set'],
  14: ['configuration registry', 'change', 'registry-object-renamed'],
  15: ['file', 'creation', 'file-stream-created'],
  16: ['configuration', 'change', 'configuration-changed'],
  17: ['file', 'creation', 'pipe-created'],
  18: ['file', 'access', 'pipe-connected'],
  19: ['process', 'creation', 'wmi-filter'],
  20: ['process', 'creation', 'wmi-consumer'],
  21: ['process', 'creation', 'wmi-binding'],
  22: ['network', 'connection protocol info', 'dns-query'],
  23: ['file', 'deletion', 'file-deleted'],
  24: ['process', 'change', 'clipboard-changed'],
  25: ['process', 'change', 'process-tampering'],
  26: ['file', 'deletion', 'file-deleted'],
  27: ['file', 'denied', 'executable-blocked'],
  28: ['file', 'denied', 'shredding-blocked'],
  29: ['file', 'creation', 'executable-detected'],
  255: ['process', 'error', 'error'],
};

const HIVES: Readonly<Record<string, string>> = {
  HKLM: 'HKLM',
  HKU: 'HKU',
  HKCR: 'HKCR',
  HKCU: 'HKCU',
  HKEY_LOCAL_MACHINE: 'HKLM',
  HKEY_USERS: 'HKU',
  HKEY_CLASSES_ROOT: 'HKCR',
  HKEY_CURRENT_USER: 'HKCU',
};

/** When Sysmon saw it happen, which is before the log's own time. */
export function sysmonTime(data: Data): number | undefined {
  const text = known(data['UtcTime']);
  return text === undefined ? undefined : isoTimeAt(text, 0, 'UTC')?.ms;
}

function guidOf(text: string | undefined): string | undefined {
  const guid = known(text);
  return guid === undefined || /^\{?0{8}-/.test(guid) ? undefined : guid;
}

function setProcess(draft: Draft, data: Data, code: string): void {
  const reaches = code === '8' || code === '10';
  putProcess(
    draft,
    'process',
    reaches ? data['SourceImage'] : data['Image'],
    reaches ? data['SourceProcessId'] : data['ProcessId'],
  );
  put(
    draft,
    'process.entity_id',
    guidOf(reaches ? (data['SourceProcessGuid'] ?? data['SourceProcessGUID']) : data['ProcessGuid']),
  );
  const thread = known(data['SourceThreadId']);
  if (thread !== undefined && /^\d{1,10}$/.test(thread)) put(draft, 'process.thread.id', Number(thread));
  if (code === '1') {
    putCommandLine(draft, 'process', data['CommandLine']);
    put(draft, 'process.working_directory', known(data['CurrentDirectory']));
    putProcess(draft, 'process.parent', data['ParentImage'], data['ParentProcessId']);
    putCommandLine(draft, 'process.parent', data['ParentCommandLine']);
    put(draft, 'process.parent.entity_id', guidOf(data['ParentProcessGuid']));
  }
  const user = accountOf(data['User'] ?? data['SourceUser']);
  if (user) draft.user = user;
}

const PARTS: Readonly<Record<string, string>> = {
  Company: 'company',
  Description: 'description',
  FileVersion: 'file_version',
  OriginalFileName: 'original_file_name',
  Product: 'product',
};

function setImage(draft: Draft, data: Data, field: string): void {
  for (const name of Object.keys(PARTS)) put(draft, `${field}.pe.${PARTS[name]}`, known(data[name]));
  putHashes(draft, field, data['Hashes'] ?? data['Hash']);
}

function setSignature(draft: Draft, data: Data, field: string): void {
  const signed = known(data['Signed']);
  if (signed === undefined) return;
  put(draft, `${field}.code_signature.exists`, signed === 'true');
  if (signed !== 'true') return;
  put(draft, `${field}.code_signature.subject_name`, known(data['Signature']));
  put(draft, `${field}.code_signature.status`, known(data['SignatureStatus']));
  put(draft, `${field}.code_signature.valid`, known(data['SignatureStatus']) === 'Valid');
}

function setConnection(draft: Draft, data: Data): void {
  putEnd(draft, 'source', data['SourceIp'], data['SourcePort'], data['SourceHostname']);
  putEnd(draft, 'destination', data['DestinationIp'], data['DestinationPort'], data['DestinationHostname']);
  putTransport(draft, known(data['Protocol']));
  put(draft, 'network.protocol', known(data['DestinationPortName']) ?? known(data['SourcePortName']));
  const six = known(data['SourceIsIpv6']);
  if (six !== undefined) put(draft, 'network.type', six === 'true' ? 'ipv6' : 'ipv4');
  const initiated = known(data['Initiated']);
  if (initiated !== undefined) put(draft, 'network.direction', initiated === 'true' ? 'egress' : 'ingress');
}

/** Reads `type:  5 www.example.com;::ffff:192.0.2.1;`. */
function setQuery(draft: Draft, data: Data): void {
  put(draft, 'dns.question.name', known(data['QueryName']));
  put(draft, 'network.protocol', 'dns');
  const answers: { type?: string; data: string }[] = [];
  const addresses: string[] = [];
  for (const part of (known(data['QueryResults']) ?? '').split(';', 64)) {
    const text = part.trim();
    const typed = /^type: {1,4}(\d{1,5}) {1,4}(\S{1,255})$/.exec(text);
    const address = addressOf(text);
    if (typed) {
      answers.push({ ...(typed[1] === '5' && { type: 'CNAME' }), data: typed[2] as string });
    } else if (address !== undefined && isAddress(address)) {
      answers.push({ type: address.includes(':') ? 'AAAA' : 'A', data: address });
      addresses.push(address);
      relate(draft, 'ip', address);
    }
  }
  if (answers.length > 0) put(draft, 'dns.answers', answers);
  if (addresses.length > 0) put(draft, 'dns.resolved_ip', addresses);
  relate(draft, 'hosts', known(data['QueryName']));
  const status = known(data['QueryStatus']);
  put(draft, 'sysmon.dns.status', status);
  if (status !== undefined && /^\d{1,10}$/.test(status)) draft.event.outcome = status === '0' ? 'success' : 'failure';
}

function setRegistry(draft: Draft, data: Data, code: string): void {
  const path = known(data['TargetObject']);
  if (path !== undefined) {
    const parts = path.split('\\');
    const hive = parts[0] as string;
    put(draft, 'registry.path', path);
    if (Object.hasOwn(HIVES, hive)) {
      put(draft, 'registry.hive', HIVES[hive]);
      put(draft, 'registry.key', parts.slice(1).join('\\'));
    }
    if (code === '13' && parts.length > 2) {
      put(draft, 'registry.value', parts.at(-1));
      if (Object.hasOwn(HIVES, hive)) put(draft, 'registry.key', parts.slice(1, -1).join('\\'));
    }
  }
  const kind = known(data['EventType']) ?? '';
  if (code === '12')
    draft.event.type = [kind.startsWith('Create') ? 'creation' : kind.startsWith('Delete') ? 'deletion' : 'change'];
  const details = known(data['Details']);
  if (details === undefined || code !== '13') return;
  const number = /^(DWORD|QWORD) \((0x[0-9A-Fa-f]{1,8}(?:-0x[0-9A-Fa-f]{1,8})?)\)$/.exec(details);
  if (number) {
    put(draft, 'registry.data.type', number[1] === 'DWORD' ? 'REG_DWORD' : 'REG_QWORD');
    const [high = '0', low] = (number[2] as string).split('-');
    const value = low === undefined ? BigInt(high) : (BigInt(high) << 32n) | BigInt(low);
    put(draft, 'registry.data.strings', [String(value)]);
  } else if (details !== 'Binary Data') {
    put(draft, 'registry.data.strings', [details]);
  }
}

function setFile(draft: Draft, data: Data, code: string): void {
  if (code === '6') {
    putPath(draft, 'file', data['ImageLoaded']);
    setSignature(draft, data, 'file');
    putHashes(draft, 'file', data['Hashes']);
  } else if (code === '7') {
    putPath(draft, 'file', data['ImageLoaded']);
    putPath(draft, 'dll', data['ImageLoaded']);
    setImage(draft, data, 'dll');
    setSignature(draft, data, 'dll');
  } else if (code === '17' || code === '18') {
    put(draft, 'file.name', known(data['PipeName']));
  } else {
    putPath(draft, 'file', data['TargetFilename']);
    putHashes(draft, 'file', data['Hashes'] ?? data['Hash']);
  }
}

/** Reads what a Sysmon event says beyond its number. */
export function readSysmon(draft: Draft, record: WindowsRecord): void {
  const { code, data } = record;
  const row = Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
  const [category = 'process', type = 'info', action] = row ?? [];
  classify(
    draft,
    category.split(' '),
    type.split(' '),
    record.task !== undefined && /[a-z]/i.test(record.task) ? record.task : action,
  );
  if (code === '27' || code === '28') draft.event.outcome = 'failure';
  const rule = known(data['RuleName']);
  if (rule !== undefined) put(draft, 'rule.name', rule);
  setProcess(draft, data, code);
  if (code === '1') setImage(draft, data, 'process');
  else if (code === '3') setConnection(draft, data);
  else if (code === '22') setQuery(draft, data);
  else if (code === '12' || code === '13' || code === '14') setRegistry(draft, data, code);
  else if (/^(?:2|6|7|11|15|17|18|23|26|27|28|29)$/.test(code)) setFile(draft, data, code);
  else if (code === '16') putPath(draft, 'file', data['Configuration']);
  if ((code === '8' || code === '10') && data['TargetImage'] !== undefined)
    put(draft, 'sysmon.target.process.name', baseName(data['TargetImage']));
}
