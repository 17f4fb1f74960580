import type { DeviceFields } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify } from './draft.ts';
import { put } from './put.ts';
import { outcomeOf, verdictOf } from './verdict.ts';

type Outcome = 'success' | 'failure';

const FAILED = /fail|error|denied|invalid|rejected|timeout/i;
const WORKED = /^(?:success|successful|succeed|succeeded|ok|logon|pass|passed|authenticated)$/i;

const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  webfilter: ['network', 'web'],
  ips: ['network', 'intrusion_detection'],
  anomaly: ['network', 'intrusion_detection'],
  dos: ['network', 'intrusion_detection'],
  virus: ['network', 'malware'],
  emailfilter: ['network', 'email'],
  waf: ['network', 'web', 'intrusion_detection'],
  dlp: ['network', 'file'],
  'file-filter': ['network', 'file'],
};

function setPolicy(draft: Draft, fields: DeviceFields): void {
  put(draft, 'rule.id', fields.take('policyid') ?? fields.take('policy_id'));
  put(draft, 'rule.name', fields.take('policyname'));
  put(draft, 'rule.uuid', fields.take('poluuid'));
}

function readTraffic(draft: Draft, fields: DeviceFields): void {
  const action = fields.take('action');
  const verdict = verdictOf(action);
  setPolicy(draft, fields);
  const phase =
    action === 'start'
      ? ['start']
      : action === 'close' || action === 'timeout' || /-rst$/.test(action ?? '')
        ? ['end']
        : [];
  classify(draft, ['network'], ['connection', ...phase, ...(verdict ? [verdict] : [])], action, outcomeOf(verdict));
}

function readUtm(draft: Draft, fields: DeviceFields, subtype: string): void {
  const action = fields.take('action');
  const verdict = verdictOf(action);
  const attack = fields.peek('attack');
  if (attack !== undefined) {
    put(draft, 'rule.name', fields.take('attack'));
    put(draft, 'rule.id', fields.take('attackid'));
    put(draft, 'rule.category', subtype);
    put(draft, 'rule.reference', fields.take('ref'));
  } else {
    setPolicy(draft, fields);
    put(draft, 'rule.category', fields.take('catdesc') ?? fields.peek('appcat'));
  }
  put(draft, 'rule.ruleset', fields.take('profile') ?? fields.take('applist'));
  if (subtype === 'ips' || subtype === 'anomaly' || subtype === 'virus' || subtype === 'waf')
    draft.event.kind = 'alert';
  const category = Object.hasOwn(CATEGORIES, subtype) ? (CATEGORIES[subtype] as readonly string[]) : ['network'];
  classify(draft, category, verdict ? [verdict] : ['info'], action ?? fields.peek('eventtype'), outcomeOf(verdict));
}

/** The outcome that `status` or `result` names; undefined where they name none. */
function statusOf(fields: DeviceFields): Outcome | undefined {
  const status = fields.peek('status') ?? fields.peek('result');
  if (status === undefined) return undefined;
  return WORKED.test(status) ? 'success' : FAILED.test(status) ? 'failure' : undefined;
}

function statusOfLogin(fields: DeviceFields): Outcome | undefined {
  return / successful\b/.test(fields.peek('desc') ?? '') ? 'success' : undefined;
}

function readConfiguration(draft: Draft, fields: DeviceFields, action: string | undefined): boolean {
  if (fields.peek('cfgpath') === undefined) return false;
  const word = (action ?? '').toLowerCase();
  const type = word === 'add' ? 'creation' : word === 'delete' ? 'deletion' : 'change';
  const people = /^(?:system\.admin|user\.local|user\.group)$/.test(fields.peek('cfgpath') as string);
  classify(draft, people ? ['configuration', 'iam'] : ['configuration'], [type], action);
  return true;
}

function readTunnel(draft: Draft, fields: DeviceFields, action: string): void {
  if (/^(?:ssl-login-fail|ssl-login-error|ssl-alert)$/.test(action) || /login-fail/.test(action)) {
    classify(draft, ['authentication', 'network'], ['info'], action, 'failure');
  } else if (action === 'tunnel-up' || action === 'phase2-up' || action === 'ssl-new-con') {
    classify(
      draft,
      ['network', 'session'],
      ['connection', 'start'],
      action,
      action === 'ssl-new-con' ? undefined : 'success',
    );
  } else if (
    action === 'tunnel-down' ||
    action === 'phase2-down' ||
    action === 'ssl-exit-error' ||
    action === 'ssl-exit-fail'
  ) {
    classify(
      draft,
      ['network', 'session'],
      ['connection', 'end'],
      action,
      action.startsWith('ssl-exit') ? 'failure' : undefined,
    );
  } else {
    const outcome = statusOf(fields);
    classify(draft, ['network'], outcome === 'failure' ? ['connection', 'error'] : ['connection'], action, outcome);
  }
}

const LOGIN =
  /^(?:login|logout|authentication|auth-logon|auth-logout|fsso-logon|fsso-logoff|fsso-auth|fortinac-logon|radius-auth|auth)$/i;

function readEvent(draft: Draft, fields: DeviceFields, subtype: string): void {
  const action = fields.take('action');
  const word = (action ?? '').toLowerCase();
  put(draft, 'rule.description', fields.peek('logdesc'));
  if (readConfiguration(draft, fields, action)) return;
  if (subtype === 'vpn' && action !== undefined) {
    readTunnel(draft, fields, action);
  } else if (LOGIN.test(word)) {
    const leaves = /logout$|logoff$/.test(word);
    const outcome = statusOf(fields) ?? (/^(?:auth-log|fsso-log)/.test(word) ? 'success' : undefined);
    classify(draft, ['authentication'], [leaves ? 'end' : outcome === 'success' ? 'start' : 'info'], action, outcome);
  } else if (/^User login\b/.test(fields.peek('desc') ?? '')) {
    // FortiManager and FortiAnalyzer have no action: their description says it.
    const outcome = / failed\b/.test(fields.peek('desc') as string) ? 'failure' : statusOfLogin(fields);
    classify(draft, ['authentication'], ['info'], action, outcome);
  } else if (subtype === 'user') {
    classify(draft, ['authentication'], ['info'], action, statusOf(fields));
  } else {
    const host = subtype === 'system' || subtype === 'ha' || subtype === 'update';
    classify(draft, [host ? 'host' : 'network'], ['info'], action, statusOf(fields));
  }
}

/** Sets category, type, action and outcome of a FortiGate record by its type and subtype, and the rule it names. */
export function classifyFortigate(draft: Draft, fields: DeviceFields): void {
  const type = fields.peek('type');
  const subtype = fields.peek('subtype') ?? '';
  if (type === 'traffic') readTraffic(draft, fields);
  else if (type === 'event') readEvent(draft, fields, subtype);
  else readUtm(draft, fields, type === 'utm' ? subtype : (type ?? ''));
}
