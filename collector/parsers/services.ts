import type { Draft } from './draft.ts';
import { classify, endpoint, MAX_MESSAGE, relate, setSource } from './draft.ts';
import { put } from './put.ts';

type Fill = (found: RegExpExecArray, draft: Draft) => void;
type Row = readonly [words: RegExp, fill: Fill];

/** Makes the reader of one program's messages of the first row whose words they are. */
function reader(rows: readonly Row[]): (message: string, draft: Draft) => boolean {
  return (message, draft) => {
    if (message.length > MAX_MESSAGE) return false;
    for (const [words, fill] of rows) {
      const found = words.exec(message);
      if (!found) continue;
      fill(found, draft);
      return true;
    }
    return false;
  };
}

function user(draft: Draft, name: string | undefined): void {
  if (name !== undefined && name !== '' && name !== '?' && name !== '*system*' && name !== 'UNKNOWN')
    draft.user = { name };
}

function login(draft: Draft, name: string | undefined, from: string | undefined, success: boolean): void {
  user(draft, name);
  if (from !== undefined) setSource(draft, from.replace(/^::ffff:(?=\d{1,3}\.)/i, ''));
  classify(
    draft,
    ['authentication'],
    [success ? 'start' : 'info'],
    success ? 'logged-on' : 'authentication_failure',
    success ? 'success' : 'failure',
  );
}

function connected(draft: Draft, from: string | undefined, port?: string): void {
  setSource(draft, (from ?? '').replace(/^::ffff:(?=\d{1,3}\.)/i, ''), port);
  classify(draft, ['network'], ['connection', 'start'], 'connection');
}

function command(draft: Draft, line: string | undefined): void {
  const text = line?.trim();
  if (text !== undefined && text !== '') draft.process = { ...draft.process, command_line: text };
}

const TABLES: Readonly<Record<string, readonly [type: string, action: string]>> = {
  REPLACE: ['change', 'crontab-replaced'],
  DELETE: ['deletion', 'crontab-deleted'],
  LIST: ['access', 'crontab-listed'],
  'BEGIN EDIT': ['access', 'crontab-edit-started'],
  'END EDIT': ['access', 'crontab-edit-ended'],
};

/** Jobs that cron runs, and what people do with their tables of jobs: `(lan) CMD (…)`. */
export const parseCronMessage = reader([
  [
    /^\(([^()\s]{1,64})\) CMD(END)? \((.*)\)$/s,
    (found, draft) => {
      user(draft, found[1]);
      command(draft, found[3]);
      classify(draft, ['process'], [found[2] ? 'end' : 'start'], found[2] ? 'cron_job_ended' : 'cron_job');
    },
  ],
  [
    /^\(([^()\s]{1,64})\) (REPLACE|DELETE|LIST|BEGIN EDIT|END EDIT) \(([^()\s]{1,64})\)$/,
    (found, draft) => {
      user(draft, found[1]);
      put(draft, 'user.target.name', found[3]);
      const [type, action] = TABLES[found[2] as string] as readonly [string, string];
      classify(draft, ['configuration'], [type], action, 'success');
    },
  ],
  [
    /^\(([^()\s]{1,64})\) AUTH \((.{1,200})\)$/,
    (found, draft) => {
      user(draft, found[1]);
      put(draft, 'event.reason', found[2]);
      classify(draft, ['configuration'], ['access'], 'crontab', 'failure');
    },
  ],
]);

/** vsftpd, ProFTPD, Pure-FTPd and the ftpd of BSD and Linux: who logged in from where, and what was carried. */
export const parseFtpMessage = reader([
  [
    /^(?:\[pid \d{1,10}\] )?\[(.{1,64}?)\] (OK|FAIL) LOGIN: Client "([^"\s]{2,64})"/,
    (found, draft) => login(draft, found[1], found[3], found[2] === 'OK'),
  ],
  [
    /^(?:\[pid \d{1,10}\] )?\[(.{1,64}?)\] (OK|FAIL) (UPLOAD|DOWNLOAD|DELETE|MKDIR|RMDIR|RENAME): Client "([^"\s]{2,64})"(?:, "([^"]{1,1024})")?/,
    (found, draft) => {
      login(draft, found[1], found[4], found[2] === 'OK');
      put(draft, 'file.path', found[5]);
      const deed = (found[3] as string).toLowerCase();
      const type = { upload: 'creation', mkdir: 'creation', delete: 'deletion', rmdir: 'deletion', rename: 'change' }[
        deed
      ];
      classify(draft, ['file'], [type ?? 'access'], deed, found[2] === 'OK' ? 'success' : 'failure');
    },
  ],
  [/^(?:\[pid \d{1,10}\] )?CONNECT: Client "([^"\s]{2,64})"/, (found, draft) => connected(draft, found[1])],
  [
    /^\S{1,255} \([^()[\]\s]{1,255}\[([^\][\s]{2,64})\]\)(?: -)? USER (\S{1,64}?)(?: \(Login failed\))?: (Login successful|Incorrect password|no such user found|.{1,300})/,
    (found, draft) => {
      const done = found[3] === 'Login successful';
      login(draft, found[2], found[1], done);
      if (!done) put(draft, 'event.reason', (found[3] as string).split(' from ', 1)[0]?.replace(/\.$/, ''));
    },
  ],
  [
    /^\S{1,255} \([^()[\]\s]{1,255}\[([^\][\s]{2,64})\]\)(?: -)? FTP session opened/,
    (found, draft) => connected(draft, found[1]),
  ],
  [
    /^\((\S{1,64})@([^()\s]{2,64})\) \[[A-Z]{4,8}\] Authentication failed for user \[(.{0,64})\]/,
    (found, draft) => login(draft, found[3], found[2], false),
  ],
  [
    /^\((\S{1,64})@([^()\s]{2,64})\) \[[A-Z]{4,8}\] (\S{1,64}) is now logged in/,
    (found, draft) => login(draft, found[3], found[2], true),
  ],
  [
    /^\((\S{1,64})@([^()\s]{2,64})\) \[[A-Z]{4,8}\] New connection from (\S{2,64})/,
    (found, draft) => connected(draft, found[3]),
  ],
  [
    /^\((\S{1,64})@([^()\s]{2,64})\) \[[A-Z]{4,8}\] (\/.{1,1024}?) (uploaded|downloaded|deleted) /,
    (found, draft) => {
      login(draft, found[1], found[2], true);
      put(draft, 'file.path', found[3]);
      const type = { uploaded: 'creation', deleted: 'deletion' }[found[4] as string];
      classify(
        draft,
        ['file'],
        [type ?? 'access'],
        (found[4] as string).replace(/e?d$/, found[4] === 'deleted' ? 'e' : ''),
        'success',
      );
    },
  ],
  [
    /^(?:(FAILED|ANONYMOUS) )?(?:FTP )?LOGIN (?:REFUSED )?FROM (\S{1,255}) \[([^\][\s]{2,64})\], (.{1,128})$/,
    (found, draft) => {
      login(draft, found[1] === 'ANONYMOUS' ? 'anonymous' : found[4], found[3], found[1] !== 'FAILED');
      if (found[2] !== found[3]) put(draft, 'source.domain', endpoint(found[2] as string)?.domain);
    },
  ],
  [
    /^connection from (\S{2,255}) \((\S{0,255})\) at /,
    (found, draft) => {
      connected(draft, found[1]);
      if (found[2] !== found[1]) put(draft, 'source.domain', endpoint(found[2] ?? '')?.domain);
    },
  ],
]);

/** What people were let do by polkit, and commands that pkexec and doas ran as somebody else. */
export const parseElevationMessage = reader([
  [
    /^Operator of \S{1,64} (successfully authenticated as unix-user:(\S{1,64})|FAILED to authenticate) to gain (?:\S{1,32} )?authorization for action (\S{1,255}) for (?:unix-process:(\d{1,10}):\d{1,15} \[(.{0,1024}?)\])?/s,
    (found, draft) => {
      const owner = /\(owned by unix-user:(\S{1,64})\)\s*$/.exec(found.input)?.[1];
      user(draft, owner ?? found[2]);
      if (owner !== undefined && found[2] !== undefined && found[2] !== owner)
        put(draft, 'user.effective.name', found[2]);
      put(draft, 'system.auth.polkit.action', found[3]);
      classify(draft, ['authentication'], ['info'], 'authorization', found[2] === undefined ? 'failure' : 'success');
    },
  ],
  [
    /^(\S{1,64}): (Executing command|Error executing command as another user: ([^[]{1,200}?)) \[USER=([^\]]{1,64})\](?: \[TTY=([^\]]{1,64})\])?(?: \[CWD=([^\]]{1,1024})\])?(?: \[COMMAND=(.{1,3000})\])?$/s,
    (found, draft) => {
      draft.user = { name: found[1] as string, effective: { name: found[4] as string } };
      command(draft, found[7]);
      put(draft, 'process.working_directory', found[6]);
      put(draft, 'event.reason', found[3]);
      classify(draft, ['process'], [found[3] ? 'info' : 'start'], 'pkexec_command', found[3] ? 'failure' : 'success');
    },
  ],
  [
    /^(failed )?command run by (\S{1,64}) as (\S{1,64})(?: from (\S{1,1024}?))?: (.{1,3000})$/s,
    (found, draft) => elevated(found, draft),
  ],
]);

function elevated(found: RegExpExecArray, draft: Draft): void {
  draft.user = { name: found[2] as string, effective: { name: found[3] as string } };
  put(draft, 'process.working_directory', found[4]);
  command(draft, found[5]);
  classify(draft, ['process'], [found[1] ? 'info' : 'start'], 'doas_command', found[1] ? 'failure' : 'success');
}

/** What fail2ban and sshguard found and shut out. */
export const parseBanMessage = reader([
  [
    /^(?:\[\d{1,10}\]: )?(?:(?:NOTICE|INFO|WARNING|ERROR) +)?\[([^\][\s]{1,128})\] (Ban|Unban|Restore Ban|Found|Ignore|Already banned:?) ([0-9A-Fa-f.:]{2,45})(?= |$)/i,
    (found, draft) => {
      setSource(draft, found[3] as string);
      put(draft, 'rule.name', found[1]);
      const deed = (found[2] as string).toLowerCase();
      if (deed.endsWith('ban') && deed !== 'unban')
        classify(draft, ['network', 'intrusion_detection'], ['denied'], 'ban');
      else if (deed === 'unban') classify(draft, ['network', 'intrusion_detection'], ['info'], 'unban');
      else classify(draft, ['intrusion_detection'], ['info'], deed.replace(/ banned:?$/, '-banned'));
    },
  ],
  [
    /^Attack from "([0-9A-Fa-f.:]{2,45})" on service (\S{1,32})/,
    (found, draft) => {
      setSource(draft, found[1] as string);
      classify(draft, ['intrusion_detection'], ['info'], 'attack');
    },
  ],
  [
    /^(Blocking|Unblocking) "?([0-9A-Fa-f.:]{2,45})(?:\/\d{1,3})?"?(?=:| |$)/,
    (found, draft) => {
      setSource(draft, found[2] as string);
      const isBlock = found[1] === 'Blocking';
      classify(draft, ['network', 'intrusion_detection'], [isBlock ? 'denied' : 'info'], isBlock ? 'ban' : 'unban');
    },
  ],
]);

/** Connections that small network services take or refuse: SNMP, telnet, those of xinetd and the wrappers, NFS mounts. */
export const parseConnectionMessage = reader([
  [
    /^(?:Connection from|Received SNMP packet\(s\) from|Received TRAP\d? .{1,64} from) (UDP|TCP)(?:\/IPv6)?: \[([^\][\s]{2,64})\]:(\d{1,5})(?:->\[([^\][\s]{2,64})\](?::(\d{1,5}))?)?/,
    (found, draft) => {
      setSource(draft, found[2] as string, found[3]);
      const local = endpoint(found[4] ?? '', found[5]);
      if (local) draft.destination = local;
      put(draft, 'network.transport', (found[1] as string).toLowerCase());
      put(draft, 'network.protocol', 'snmp');
      classify(draft, ['network'], ['connection', 'start'], 'connection');
    },
  ],
  [
    /^Authentication failed (?:for|from) ([0-9A-Fa-f.:]{2,45})/,
    (found, draft) => login(draft, undefined, found[1], false),
  ],
  [
    /^(refused )?connect(?:ion)? from (\S{1,255}?)(?: \(([0-9A-Fa-f.:]{2,45})\))?$/,
    (found, draft) => {
      connected(draft, found[3] ?? found[2]);
      if (found[3] !== undefined && found[3] !== found[2])
        put(draft, 'source.domain', endpoint(found[2] as string)?.domain);
      if (found[1]) classify(draft, ['network'], ['connection', 'denied'], 'connection', 'failure');
    },
  ],
  [
    /^(START|FAIL): (\S{1,64}) (?:(\S{1,64}) )?(?:pid=\d{1,10} )?from=(\S{2,64})/,
    (found, draft) => {
      connected(draft, found[4]);
      put(draft, 'service.name', found[2]);
      if (found[1] === 'FAIL') classify(draft, ['network'], ['connection', 'denied'], 'connection', 'failure');
    },
  ],
  [
    /^(authenticated|refused) (?:un)?mount request from ([^\s:]{1,255}|[0-9A-Fa-f:]{2,45})(?::(\d{1,5}))? for (\/\S{0,1024})/,
    (found, draft) => {
      setSource(draft, found[2] as string, found[3]);
      put(draft, 'file.path', found[4]);
      const isRefused = found[1] === 'refused';
      classify(
        draft,
        ['network', 'file'],
        [isRefused ? 'denied' : 'access'],
        'mount',
        isRefused ? 'failure' : 'success',
      );
    },
  ],
]);

const SAMBA =
  /Auth: \[[^\]]{1,64}\] user \[([^\]]{0,64})\]\\\[([^\]]{0,256})\] at \[[^\]]{1,64}\] with \[[^\]]{0,64}\] status \[(\w{1,64})\] workstation \[([^\]]{0,64})\] remote host \[ipv[46]:([0-9A-Fa-f.:]{2,45}):(\d{1,5})\]/;

/** Logons that Samba audits (`auth_audit`). */
export const parseSambaMessage = reader([
  [
    SAMBA,
    (found, draft) => {
      login(draft, found[2], found[5], found[3] === 'NT_STATUS_OK');
      put(draft, 'user.domain', found[1] === '(null)' ? undefined : found[1]);
      put(draft, 'source.port', Number(found[6]));
      if (found[4] !== '(null)') put(draft, 'source.domain', endpoint(found[4] ?? '')?.domain);
      if (found[3] !== 'NT_STATUS_OK') put(draft, 'event.reason', found[3]);
    },
  ],
]);

/** What a client of DHCP was offered and given; both addresses stand in `related.ip`. */
export const parseDhclientMessage = reader([
  [
    /^(DHCP(?:DISCOVER|REQUEST|OFFER|ACK|NAK|RELEASE|DECLINE|INFORM))(?: (?:of|for) ([0-9.]{7,15}))?(?: on (\S{1,32}))?(?: to ([0-9.]{7,15})(?: port (\d{1,5}))?)?(?: from ([0-9.]{7,15}))?/,
    (found, draft) => {
      put(draft, 'network.protocol', 'dhcp');
      for (const ip of [found[2], found[4], found[6]])
        if (ip !== undefined && ip !== '255.255.255.255') relate(draft, 'ip', ip);
      classify(draft, ['network'], ['protocol'], (found[1] as string).toLowerCase().replace('dhcp', 'dhcp-'));
    },
  ],
  [
    /^bound to ([0-9.]{7,15}) /,
    (found, draft) => {
      put(draft, 'network.protocol', 'dhcp');
      relate(draft, 'ip', found[1]);
      classify(draft, ['network'], ['protocol'], 'bound');
    },
  ],
]);

/** What dnsmasq was asked, and answered. */
export const parseDnsmasqMessage = reader([
  [
    /^(?:\d{1,10} (?:[0-9A-Fa-f.:]{2,45}\/\d{1,5} )?)?query\[([A-Z0-9]{1,16})\] (\S{1,255}) from ([0-9A-Fa-f.:]{2,45})$/,
    (found, draft) => {
      setSource(draft, found[3] as string);
      put(draft, 'dns.type', 'query');
      put(draft, 'dns.question.name', found[2]);
      put(draft, 'dns.question.type', found[1]);
      put(draft, 'network.protocol', 'dns');
      classify(draft, ['network'], ['protocol'], 'query');
    },
  ],
  [
    /^(?:\d{1,10} (?:[0-9A-Fa-f.:]{2,45}\/\d{1,5} )?)?(reply|cached|config|\/etc\/hosts) (\S{1,255}) is (\S{1,255})$/,
    (found, draft) => {
      put(draft, 'dns.type', 'answer');
      put(draft, 'dns.question.name', found[2]);
      put(draft, 'network.protocol', 'dns');
      const address = endpoint(found[3] as string)?.ip;
      if (address !== undefined) {
        put(draft, 'dns.answers', [{ name: found[2], type: address.includes(':') ? 'AAAA' : 'A', data: address }]);
        put(draft, 'dns.resolved_ip', [address]);
        relate(draft, 'ip', address);
      } else if (/^NXDOMAIN/.test(found[3] as string)) put(draft, 'dns.response_code', 'NXDOMAIN');
      classify(draft, ['network'], ['protocol'], 'response');
    },
  ],
]);
