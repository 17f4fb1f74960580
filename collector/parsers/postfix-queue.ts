import type { Draft } from './draft.ts';
import { classify } from './draft.ts';
import { peerOf, takePeer } from './postfix-peer.ts';
import { countOf, put } from './put.ts';

const REJECT =
  /^(reject|milter-reject|reject_warning|warn|hold|discard|redirect|filter|milter-hold|milter-discard): ([A-Z][A-Za-z-]{1,30}(?: command)?) from /;
const REPLY = /^(\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3}))? /;
const TRAILER = /[;,] from=<|; (?:to|proto|helo)=/;
const CONTENT = /^(reject|warning|hold|discard|redirect|replace|info|filter): (header|body) /;
const STATUS = /, status=([a-z-]{3,24})(?=[ ,]|$)/;
const ADDRESS_END = /[>]/;

/** An address without its brackets; undefined for the empty sender of notifications. */
function addressOf(text: string): string | undefined {
  return text === '' || text.length > 1_024 ? undefined : text;
}

function setAddress(draft: Draft, field: string, text: string | undefined): void {
  const address = text === undefined ? undefined : addressOf(text);
  if (address !== undefined) put(draft, field, [address]);
}

/** The text in angle brackets after a key such as `from=<`, to the bracket that closes it. */
function bracketed(text: string, key: string): string | undefined {
  const at = text.indexOf(key);
  if (at < 0) return undefined;
  const start = at + key.length;
  const end = text.slice(start).search(ADDRESS_END);
  return end < 0 ? undefined : text.slice(start, start + end);
}

/** Reads `from=<a> to=<b> proto=ESMTP helo=<c> sasl_username=<d>`, with commas between them from postscreen. */
function readTrailer(text: string, draft: Draft): void {
  setAddress(draft, 'email.from.address', bracketed(text, 'from=<'));
  setAddress(draft, 'email.to.address', bracketed(text, ' to=<'));
  put(draft, 'postfix.protocol', /(?:^| )proto=([A-Z]{3,8})(?=[ ,]|$)/.exec(text)?.[1]);
  put(draft, 'postfix.helo', bracketed(text, ' helo=<'));
  const user = bracketed(text, ' sasl_username=<');
  if (user) draft.user = { name: user };
}

const ACTIONS: Readonly<Record<string, readonly [string, readonly string[], 'failure' | undefined]>> = {
  reject: ['reject', ['denied'], 'failure'],
  'milter-reject': ['reject', ['denied'], 'failure'],
  discard: ['discard', ['denied'], 'failure'],
  'milter-discard': ['discard', ['denied'], 'failure'],
};

function classifyVerdict(draft: Draft, verdict: string): true {
  const [action, type, outcome] = (Object.hasOwn(ACTIONS, verdict) ? ACTIONS[verdict] : undefined) ?? [
    verdict,
    ['info'],
    undefined,
  ];
  classify(draft, ['email'], type, action, outcome);
  return true;
}

/** Reads what smtpd(8), postscreen(8) and cleanup(8) refuse, hold or pass on: `reject: RCPT from name[address]: 554 …`. */
export function readRejection(text: string, draft: Draft): boolean {
  const content = CONTENT.exec(text);
  if (content) {
    const from = / from ([^\s[\]]{0,255}\[[0-9A-Fa-f.:]{2,45}\]); from=</.exec(text);
    if (from) takePeer(draft, 'source', from[1] as string);
    const trailer = text.lastIndexOf('; from=<');
    if (trailer > 0) readTrailer(text.slice(trailer + 2), draft);
    return classifyVerdict(draft, content[1] as string);
  }
  const head = REJECT.exec(text);
  const rest = head ? takePeer(draft, 'source', text.slice(head[0].length)) : undefined;
  if (!head || rest === undefined) return false;
  put(draft, 'postfix.stage', head[2]);
  let said = rest.startsWith(': ') ? rest.slice(2) : rest;
  const trailer = TRAILER.exec(said);
  if (trailer) {
    readTrailer(said.slice(trailer.index + 2), draft);
    said = said.slice(0, trailer.index);
  }
  const reply = REPLY.exec(said);
  if (reply) {
    put(draft, 'postfix.reply_code', countOf(reply[1]));
    put(draft, 'postfix.dsn', reply[2]);
    said = said.slice(reply[0].length);
  }
  put(draft, 'event.reason', said);
  return classifyVerdict(draft, head[1] as string);
}

/** Reads where a message came from: `client=…`, `message-id=…`, `uid=… from=…` and the queue manager's `from=…, size=…`. */
export function readOrigin(text: string, draft: Draft): boolean {
  if (text.startsWith('client=')) {
    const rest = takePeer(draft, 'source', text.slice(7));
    if (rest === undefined) return false;
    const method = /, sasl_method=([A-Za-z0-9_-]{1,32})/.exec(rest)?.[1];
    const user = /, sasl_username=([^,\s]{1,320})/.exec(rest)?.[1];
    put(draft, 'postfix.sasl_method', method);
    put(draft, 'postfix.original_queue_id', /, orig_queue_id=([0-9A-Za-z]{5,24})/.exec(rest)?.[1]);
    if (user !== undefined) draft.user = { name: user };
    if (user === undefined) classify(draft, ['email'], ['info'], 'receive');
    else classify(draft, ['email', 'authentication'], ['info'], 'authentication_success', 'success');
    return true;
  }
  const id = /^(?:resent-)?message-id=(?:<([^>\s]{1,998})>|([^<>\s]{1,998}))?/.exec(text);
  if (id) {
    put(draft, 'email.message_id', id[1] ?? id[2]);
    classify(draft, ['email'], ['info'], 'message_id');
    return true;
  }
  const local = /^uid=(\d{1,10}) from=<([^>]*)>/.exec(text);
  if (local) {
    draft.user = { id: local[1] as string };
    setAddress(draft, 'email.from.address', local[2]);
    classify(draft, ['email'], ['info'], 'pickup');
    return true;
  }
  return readQueueManager(text, draft);
}

function readQueueManager(text: string, draft: Draft): boolean {
  const head = /^from=<(.*?)>, (?:size=(\d{1,15}), nrcpt=(\d{1,9}) \(queue (\w{3,16})\)|status=([a-z-]{3,24}))/.exec(
    text,
  );
  if (!head) return false;
  setAddress(draft, 'email.from.address', head[1]);
  put(draft, 'postfix.size', countOf(head[2]));
  put(draft, 'postfix.recipients', countOf(head[3]));
  const status = head[5];
  put(draft, 'postfix.status', status);
  if (status === undefined) classify(draft, ['email'], ['info'], 'queued');
  else
    classify(
      draft,
      ['email'],
      ['info'],
      status,
      status === 'expired' || status === 'force-expired' ? 'failure' : undefined,
    );
  return true;
}

const OUTCOMES: Readonly<Record<string, 'success' | 'failure'>> = {
  sent: 'success',
  deliverable: 'success',
  deferred: 'failure',
  bounced: 'failure',
  undeliverable: 'failure',
  expired: 'failure',
};

/** Reads `to=<a>, orig_to=<b>, relay=mx[192.0.2.1]:25, delay=1.2, delays=…, dsn=2.0.0, status=sent (…)`. */
export function readDelivery(text: string, draft: Draft): boolean {
  if (!text.startsWith('to=<')) return false;
  const status = STATUS.exec(text);
  if (!status) return false;
  const fields = text.slice(0, status.index);
  const reply = text.slice(status.index + status[0].length).trim();
  setAddress(draft, 'email.to.address', bracketed(fields, 'to=<'));
  put(draft, 'postfix.original_to', bracketed(fields, ', orig_to=<'));
  const relay = /, relay=([^\s,]{1,400})/.exec(fields)?.[1];
  const peer = relay === undefined ? undefined : peerOf(relay);
  if (peer) draft.destination = peer.end;
  put(draft, 'postfix.relay', relay);
  const delay = Number(/, delay=(\d{1,9}(?:\.\d{1,6})?)(?=,|$)/.exec(fields)?.[1] ?? Number.NaN);
  if (Number.isFinite(delay)) put(draft, 'event.duration', Math.round(delay * 1e9));
  put(draft, 'postfix.delays', /, delays=([\d./]{1,60})(?=,|$)/.exec(fields)?.[1]);
  put(draft, 'postfix.dsn', /, dsn=(\d\.\d{1,3}\.\d{1,3})(?=,|$)/.exec(fields)?.[1]);
  const name = status[1] as string;
  put(draft, 'postfix.status', name);
  const outcome = Object.hasOwn(OUTCOMES, name) ? OUTCOMES[name] : undefined;
  const said = reply.startsWith('(') && reply.endsWith(')') ? reply.slice(1, -1) : reply;
  if (outcome === 'failure') put(draft, 'event.reason', said);
  else put(draft, 'postfix.response', said);
  classify(draft, ['email'], ['info'], name, outcome);
  return true;
}
