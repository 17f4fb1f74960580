import type { Row } from './row.ts';
import { WINDOWS_LINES } from './windows-lines.ts';

const AUDIT = 'Microsoft-Windows-Security-Auditing';
const SUBJECT = { SubjectUserSid: 'S-1-5-21-1-2-3-500', SubjectUserName: 'adm', SubjectDomainName: 'CORP' };
const FAILED = {
  'event.code': '4625',
  'event.outcome': 'failure',
  'event.reason': 'the password is wrong',
  'user.name': 'lan',
  'source.ip': '203.0.113.5',
  'host.name': 'PC1',
};
const FAILED_DATA = { TargetUserName: 'lan', IpAddress: '203.0.113.5', LogonType: '3', SubStatus: '0xc000006a' };

function winlog(code: number, data: object, more: object = {}): object {
  return {
    '@timestamp': '2026-11-22T01:01:02.345Z',
    winlog: {
      channel: 'Security',
      event_id: String(code),
      provider_name: AUDIT,
      computer_name: 'DC1',
      event_data: data,
    },
    ...more,
  };
}

function row(record: object, gives: Readonly<Record<string, unknown>>, lacks: readonly string[] = []): Row {
  return ['windows', JSON.stringify(record), gives, lacks];
}

const NXLOG = {
  EventTime: '2026-11-22 08:01:02',
  Hostname: 'PC1',
  Keywords: '-9214364837600034816',
  EventType: 'AUDIT_FAILURE',
  Severity: 'ERROR',
  EventID: 4625,
  SourceName: AUDIT,
  Channel: 'Security',
  SourceModuleType: 'im_msvistalog',
  ...FAILED_DATA,
};
const XML = `<Event><System><Provider Name="${AUDIT}"/><EventID>4634</EventID><Channel>Security</Channel><Computer>PC1</Computer><TimeCreated SystemTime="2026-11-22T01:01:02.1Z"/></System><EventData><Data Name="TargetUserName">lan</Data></EventData></Event>`;
const SYSTEM = {
  Provider: { '@Name': AUDIT },
  EventID: '4625',
  Channel: 'Security',
  Computer: 'PC1',
  TimeCreated: { '@SystemTime': '2026-11-22T01:01:02.345678900Z' },
};

function linux(code: number, data: string): string {
  return `<Event><System><Provider Name="Linux-Sysmon" Guid="{f}"/><EventID>${code}</EventID><TimeCreated SystemTime="2026-11-22T01:01:02.000000000Z"/><Channel>Linux-Sysmon/Operational</Channel><Computer>web01</Computer></System><EventData>${data}</EventData></Event>`;
}

/** Records of the Windows event log and of Sysmon, in the shapes of several agents, versions and converters. */
export const WINDOWS: readonly Row[] = [
  row(
    {
      Event: {
        System: SYSTEM,
        EventData: { Data: Object.entries(FAILED_DATA).map(([name, text]) => ({ '@Name': name, '#text': text })) },
      },
    },
    FAILED,
  ),
  row(
    { Event: { System: SYSTEM, EventData: { Data: { '@Name': 'TargetUserName', '#text': 'lan' } } } },
    { 'user.name': 'lan' },
  ),
  row(
    { _index: 'winlogbeat', _id: '1', _source: winlog(4634, { TargetUserName: 'lan' }) },
    { 'event.code': '4634', 'user.name': 'lan' },
  ),
  row(
    {
      '@timestamp': '2026-11-22T01:01:02.345Z',
      computer_name: 'PC1',
      log_name: 'Security',
      event_id: 4625,
      source_name: AUDIT,
      event_data: FAILED_DATA,
      keywords: ['Audit Failure'],
      type: 'wineventlog',
    },
    FAILED,
  ),
  row(NXLOG, { ...FAILED, '@timestamp': '2026-11-22T01:01:02.000Z', 'log.level': 'error' }),
  [
    'windows',
    `<13>Nov 22 08:01:03 PC1 ${JSON.stringify(NXLOG)}`,
    { ...FAILED, 'log.syslog.priority': 13 },
    ['process'],
  ],
  ['windows', `<13>Nov 22 08:01:03 PC1 ${XML}`, { 'event.code': '4634', 'user.name': 'lan', 'host.name': 'PC1' }],
  ['windows', `<?xml version="1.0" encoding="UTF-8"?>${XML}`, { 'event.code': '4634', 'user.name': 'lan' }],
  row(
    winlog(4769, {
      TargetUserName: 'lan@CORP.LOCAL',
      TargetDomainName: 'CORP.LOCAL',
      ServiceName: 'SRV2$',
      Status: '0x0',
      IpAddress: '::ffff:192.0.2.7',
      IpPort: '50001',
    }),
    {
      'user.name': 'lan',
      'user.domain': 'CORP.LOCAL',
      'service.name': 'SRV2$',
      'source.ip': '192.0.2.7',
      'event.outcome': 'success',
    },
  ),
  row(
    winlog(4771, {
      TargetUserName: 'lan',
      ServiceName: 'krbtgt/CORP',
      Status: '0x18',
      IpAddress: '::ffff:192.0.2.8',
      IpPort: '50002',
    }),
    { 'event.outcome': 'failure', 'event.reason': 'the password is wrong', 'source.port': 50002 },
  ),
  row(
    winlog(4740, { TargetUserName: 'lan', TargetDomainName: 'PC77', TargetSid: 'S-1-5-21-1-2-3-1105', ...SUBJECT }),
    { 'user.target.name': 'lan', 'source.domain': 'PC77', 'event.action': 'locked-out-user-account' },
    ['user.target.domain'],
  ),
  row(
    winlog(5145, {
      ...SUBJECT,
      IpAddress: '192.0.2.7',
      IpPort: '50003',
      ShareName: '\\\\*\\ADMIN$',
      ShareLocalPath: '\\??\\C:\\Windows',
      RelativeTargetName: 'Temp\\x.exe',
    }),
    {
      'file.path': 'C:\\Windows\\Temp\\x.exe',
      'file.target_path': '\\\\*\\ADMIN$\\Temp\\x.exe',
      'file.name': 'x.exe',
      'source.ip': '192.0.2.7',
    },
  ),
  row(
    winlog(5140, { ...SUBJECT, IpAddress: '192.0.2.7', ShareName: '\\\\*\\IPC$' }),
    { 'file.target_path': '\\\\*\\IPC$', 'user.name': 'adm' },
    ['file.path', 'file.name'],
  ),
  row(
    {
      '@timestamp': '2026-11-22T01:01:02.345Z',
      winlog: {
        channel: 'Microsoft-Windows-PowerShell/Operational',
        event_id: '4103',
        provider_name: 'Microsoft-Windows-PowerShell',
        event_data: {
          ContextInfo:
            '        Host Application = powershell.exe -f C:\\x\\a.ps1\n        Command Name = Get-Process\n        Script Name = C:\\x\\a.ps1\n        User = CORP\\adm\n        Connected User = ',
        },
      },
    },
    { 'file.path': 'C:\\x\\a.ps1', 'user.name': 'adm', 'process.command_line': 'powershell.exe -f C:\\x\\a.ps1' },
  ),
  [
    'sysmon',
    linux(
      1,
      '<Data Name="UtcTime">2026-11-22 01:01:02.001</Data><Data Name="ProcessId">4711</Data><Data Name="Image">/usr/bin/curl</Data><Data Name="CommandLine">curl http://x.example</Data><Data Name="User">root</Data><Data Name="ParentImage">/usr/bin/bash</Data>',
    ),
    {
      '@timestamp': '2026-11-22T01:01:02.001Z',
      'event.module': 'sysmon_linux',
      'host.os.type': 'linux',
      'process.name': 'curl',
      'process.command_line': 'curl http://x.example',
      'process.parent.name': 'bash',
      'user.name': 'root',
    },
  ],
  [
    'sysmon',
    `Nov 22 08:01:02 web01 sysmon: ${linux(3, '<Data Name="Image">/usr/bin/curl</Data><Data Name="Protocol">tcp</Data><Data Name="SourceIp">192.0.2.7</Data><Data Name="DestinationIp">203.0.113.9</Data><Data Name="DestinationPort">80</Data>')}`,
    { 'destination.ip': '203.0.113.9', 'destination.port': 80, 'process.name': 'curl', 'host.name': 'web01' },
    ['source.port'],
  ],
  [
    'sysmon',
    JSON.stringify({
      '@timestamp': '2026-11-22T01:01:02.345Z',
      winlog: {
        channel: 'Microsoft-Windows-Sysmon/Operational',
        event_id: '15',
        provider_name: 'Microsoft-Windows-Sysmon',
        event_data: { TargetFilename: 'C:\\x\\a.exe:Zone.Identifier', Hash: `MD5=${'b'.repeat(32)}` },
      },
    }),
    { 'file.extension': 'exe', 'file.hash.md5': 'b'.repeat(32) },
  ],
  ...WINDOWS_LINES,
];
