import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import exceptions from './audit-exceptions.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A known weakness that is accepted for a time; each stands in `audit-exceptions.json`. */
export interface AuditException {
  /** GHSA id. */
  readonly advisory: string;
  readonly package: string;
  /** Why it does no harm here. */
  readonly reason: string;
  /** Last day, ISO 8601: then somebody looks again. */
  readonly until: string;
}

/** What of `npm audit --json` (report version 2) is looked at. */
interface AuditReport {
  readonly auditReportVersion?: number;
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (string | Advisory)[] }>>;
  /** Instead of all else, where the registry could not be asked. */
  readonly message?: string;
  readonly error?: { readonly summary?: string; readonly code?: string };
}
interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
}

/** How an audit ended: exit code 0 nothing open, 1 something is, 2 nothing could be asked. */
export interface AuditVerdict {
  readonly code: 0 | 1 | 2;
  readonly lines: readonly string[];
}

/** Judges the report of npm by the exceptions; `today` as ISO 8601. What was not asked is never green. */
export function judgeAudit(text: string, accepted: readonly AuditException[], today: string): AuditVerdict {
  const report = readReport(text);
  if (report?.auditReportVersion !== 2 || report.vulnerabilities === undefined) {
    const why = report?.error?.summary || report?.error?.code || report?.message || 'npm gave no report';
    return { code: 2, lines: [`Nothing was audited: ${why}. Ask again where the package registry can be reached.`] };
  }
  const found = new Map<string, Advisory>();
  for (const { via } of Object.values(report.vulnerabilities))
    for (const one of via) if (typeof one !== 'string') found.set(`${idOf(one)} ${one.name}`, one);
  const lines: string[] = [];
  for (const [key, { name, title, severity, url }] of found) {
    const exception = accepted.find((one) => `${one.advisory} ${one.package}` === key);
    if (!exception) lines.push(`${name}: ${severity}: ${title} (${url})`);
    else if (exception.until < today)
      lines.push(`${name}: the exception for ${exception.advisory} ended on ${exception.until}.`);
  }
  for (const { advisory, package: name } of accepted)
    if (!found.has(`${advisory} ${name}`))
      lines.push(`${name}: the exception for ${advisory} is not needed any more; remove it.`);
  if (lines.length > 0) return { code: 1, lines };
  return { code: 0, lines: [`No open weakness in the packages of production; accepted for now: ${accepted.length}.`] };
}

function readReport(text: string): AuditReport | undefined {
  try {
    return JSON.parse(text) as AuditReport;
  } catch {
    return undefined;
  }
}

function idOf({ url }: Advisory): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const npm = spawnSync('npm', ['audit', '--omit=dev', '--json', '--audit=true'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const { code, lines } = judgeAudit(npm.stdout ?? '', exceptions, new Date().toISOString().slice(0, 10));
  (code === 0 ? process.stdout : process.stderr).write(`${lines.join('\n')}\n`);
  process.exitCode = code;
}
