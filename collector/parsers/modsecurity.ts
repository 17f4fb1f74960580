import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { accessTime } from './access-log.ts';
import { apache } from './apache.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { isObject, objectAt, parseObject } from './json-object.ts';
import { nginx } from './nginx.ts';
import { countOf, put } from './put.ts';
import { clockAt, monthAt, twoDigits, utcTime, zonedTime } from './time.ts';
import { readRequest, setUrl } from './url.ts';

const MAX_MODSECURITY = 262_144;
const MARK = /(?:^|[\s\]])ModSecurity(?:-nginx)?: /;
const TAG =
  /\[(file|line|id|rev|msg|data|severity|ver|maturity|accuracy|tag|hostname|uri|unique_id|client|ref) "((?:[^"\\]|\\.){0,4096})"\]/g;
const DEED =
  /ModSecurity(?:-nginx)?: (Warning|Access denied|Audit log|Rule processing failed|Output filter|Request body|Multipart)/;
const CODE = /^Access denied (?:with code (\d{3})|with redirection|using proxy|with connection close) ?\(phase (\d)\)/;
/** Severities in words, or as numbers that the third version writes. */
const SEVERITIES = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

function levelOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return (/^[0-7]$/.test(text) ? SEVERITIES[Number(text)] : text)?.toLowerCase();
}

/** What a rule did: it stopped the request, or only saw it. */
function setVerdict(draft: Draft, denied: boolean): void {
  draft.event.kind = 'alert';
  const category = ['web', 'intrusion_detection'];
  if (denied) classify(draft, category, ['denied'], 'denied', 'failure');
  else classify(draft, category, ['info'], 'detected');
}

/** A line of the server's error log: its own head is read by that server's parser. */
function readErrorLine(line: string, context: ParseContext): EcsEvent | undefined {
  const mark = line.length > MAX_MODSECURITY ? null : MARK.exec(line);
  if (!mark) return undefined;
  const within =
    (apache.detects(line) ? apache.parse(line, context) : undefined) ??
    (nginx.detects(line) ? nginx.parse(line, context) : undefined);
  const draft = (within ?? newDraft(line, line, 'modsecurity.log', context)) as Draft;
  draft.event = { ...draft.event, module: 'modsecurity', dataset: 'modsecurity.log' };
  const text = line
    .slice(mark.index)
    .trimStart()
    .replace(/^\]\s*/, '');
  draft.message = text;
  const tags = new Map<string, string>();
  const names: string[] = [];
  for (const [, key = '', raw = ''] of text.matchAll(TAG)) {
    if (key === 'tag' && names.length < 64) names.push(raw);
    else if (!tags.has(key)) tags.set(key, raw);
  }
  const words = text.replace(/^ModSecurity(?:-nginx)?: /, '');
  const code = CODE.exec(words);
  const client = /^\[client ([0-9A-Fa-f.:]{2,45})\] /.exec(words)?.[1] ?? tags.get('client');
  if (draft.source === undefined && client !== undefined) {
    const source = endpoint(client);
    if (source) draft.source = source;
  }
  put(draft, 'rule.id', tags.get('id'));
  put(draft, 'rule.name', tags.get('msg'));
  put(draft, 'rule.version', tags.get('ver') ?? tags.get('rev'));
  put(draft, 'rule.ruleset', tags.get('file'));
  put(draft, 'log.level', levelOf(tags.get('severity')));
  put(draft, 'http.response.status_code', countOf(code?.[1]));
  const uri = tags.get('uri');
  // Where the server's own line has the request, it has more of it: the query, and the host that was asked for.
  const { url } = draft as Draft & { readonly url?: { readonly original?: string; readonly domain?: string } };
  if (uri !== undefined && uri !== '' && url?.original === undefined) setUrl(draft, uri);
  const host = tags.get('hostname');
  if (host !== undefined && url?.domain === undefined) put(draft, 'url.domain', host);
  put(draft, 'modsecurity.data', tags.get('data'));
  put(draft, 'modsecurity.phase', countOf(code?.[2]));
  put(draft, 'modsecurity.unique_id', tags.get('unique_id'));
  if (names.length > 0) put(draft, 'modsecurity.tags', names);
  const deed = DEED.exec(text)?.[1];
  if (deed === 'Warning' || deed === 'Access denied') setVerdict(draft, deed === 'Access denied');
  else classify(draft, ['web'], ['info']);
  return finish(draft);
}

function text(from: JsonObject | undefined, key: string): string | undefined {
  const value = from?.[key];
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** `Sun Nov 22 08:01:02 2026` of the third version, `22/Nov/2026:08:01:02 +0700` of the second. */
function timeOf(stamp: string | undefined, zone: string): number | undefined {
  if (stamp === undefined) return undefined;
  const second = accessTime(stamp.replace(/\.\d{1,9}(?= )/, ''));
  if (second !== undefined) return second;
  const day = stamp[8] === ' ' ? Number(stamp[9]) : twoDigits(stamp, 8);
  const local = utcTime(Number(stamp.slice(20, 24)), monthAt(stamp, 4), day, clockAt(stamp, 11));
  return local === undefined || Number.isNaN(local) ? undefined : zonedTime(local, zone);
}

/** A header's value, whatever the case of its name. */
function headerOf(headers: JsonObject | undefined, name: string): string | undefined {
  const key = Object.keys(headers ?? {}).find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : text(headers, key);
}

function setMessages(draft: Draft, messages: readonly unknown[]): void {
  const rules = messages.slice(0, 64).filter(isObject);
  const first = rules.find((rule) => text(objectAt(rule, 'details'), 'ruleId') !== undefined);
  const details = first && objectAt(first, 'details');
  put(draft, 'rule.id', text(details, 'ruleId'));
  put(draft, 'rule.name', text(first, 'message'));
  put(draft, 'rule.version', text(details, 'ver'));
  put(draft, 'rule.ruleset', text(details, 'file'));
  put(draft, 'log.level', levelOf(text(details, 'severity')));
  const ids = rules.flatMap((rule) => text(objectAt(rule, 'details'), 'ruleId') ?? []);
  if (ids.length > 1) put(draft, 'modsecurity.rules', ids);
}

/** A transaction of the audit log in JSON, of the third version or the second. */
function readAudit(line: string, context: ParseContext): EcsEvent | undefined {
  const record = line.length > MAX_MODSECURITY ? undefined : parseObject(line);
  const transaction = record && objectAt(record, 'transaction');
  if (!transaction) return undefined;
  const third = transaction['client_ip'] !== undefined;
  const request = objectAt(third ? transaction : record, 'request');
  const response = objectAt(third ? transaction : record, 'response');
  const stamp = text(transaction, 'time_stamp') ?? text(transaction, 'time');
  const draft = newDraft(line, line, 'modsecurity.audit', context, timeOf(stamp, context.timeZone));
  const source = endpoint(
    text(transaction, third ? 'client_ip' : 'remote_address') ?? '',
    text(transaction, third ? 'client_port' : 'remote_port'),
  );
  const destination = endpoint(
    text(transaction, third ? 'host_ip' : 'local_address') ?? '',
    text(transaction, third ? 'host_port' : 'local_port'),
  );
  if (source) draft.source = source;
  if (destination) draft.destination = destination;
  put(draft, 'modsecurity.unique_id', text(transaction, third ? 'unique_id' : 'transaction_id'));
  const asked = text(request, 'request_line');
  const read = asked === undefined ? undefined : readRequest(draft, asked);
  if (third && text(request, 'uri') !== undefined) setUrl(draft, text(request, 'uri') as string);
  put(draft, 'http.request.method', read?.method ?? text(request, 'method'));
  put(draft, 'http.version', read?.version ?? text(request, 'http_version'));
  const headers = request && objectAt(request, 'headers');
  const host = headerOf(headers, 'host');
  if (host !== undefined) put(draft, 'url.domain', host.replace(/:\d{1,5}$/, ''));
  put(draft, 'user_agent.original', headerOf(headers, 'user-agent'));
  put(draft, 'http.request.referrer', headerOf(headers, 'referer'));
  put(draft, 'http.response.status_code', countOf(text(response, third ? 'http_code' : 'status')));
  const audit = objectAt(record, 'audit_data');
  const messages = third ? transaction['messages'] : audit?.['messages'];
  const told = Array.isArray(messages) ? messages : [];
  if (third) setMessages(draft, told);
  else setFirstMessage(draft, told);
  const denied = isObject(audit?.['action']) && audit['action']['intercepted'] === true;
  if (told.length > 0) setVerdict(draft, denied);
  else classify(draft, ['web'], ['access']);
  if (told.length > 0 && !denied && third) delete draft.event.action;
  return finish(draft);
}

/** The second version keeps each message as the line it writes to the error log. */
function setFirstMessage(draft: Draft, messages: readonly unknown[]): void {
  for (const each of messages.slice(0, 64)) {
    if (typeof each !== 'string') continue;
    for (const [, key = '', raw = ''] of each.slice(0, 16_384).matchAll(TAG)) {
      if (key === 'id') put(draft, 'rule.id', raw);
      if (key === 'msg') put(draft, 'rule.name', raw);
      if (key === 'severity') put(draft, 'log.level', levelOf(raw));
    }
    if ((draft['rule'] as { id?: string } | undefined)?.id !== undefined) return;
  }
}

/** ModSecurity 2 and 3: lines in the error logs of httpd and nginx, and the audit log in JSON. */
export const modsecurity: Parser = {
  name: 'modsecurity',
  detects: (line) =>
    line.startsWith('{"transaction":') ||
    (line.includes('ModSecurity') &&
      / \[id "\d{1,10}"\]/.test(line) &&
      MARK.test(line) &&
      (apache.detects(line) || nginx.detects(line))),
  parse: (line, context) => (line.startsWith('{') ? readAudit(line, context) : readErrorLine(line, context)),
};
