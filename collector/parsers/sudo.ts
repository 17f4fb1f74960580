import type { Draft } from './draft.ts';
import { classify } from './draft.ts';
import { parsePam } from './pam.ts';

const FIELD = /^(TTY|PWD|USER|GROUP|HOST|CHROOT|TSID|ENV)=/;
const MAX_ARGUMENTS = 256;

/** Splits a command as sudo logs it: blanks between arguments, blanks inside them escaped by newer versions. */
function argumentsOf(command: string): string[] {
  const words = command.split(/(?<!\\) +/, MAX_ARGUMENTS + 1).filter((word) => word !== '');
  return words.slice(0, MAX_ARGUMENTS).map((word) => word.replaceAll('\\ ', ' '));
}

interface SudoRecord {
  reason?: string;
  tty?: string;
  directory?: string;
  target?: string;
  group?: string;
  command?: string;
}

/** Reads `reason ; TTY=… ; PWD=… ; USER=… ; COMMAND=…`; all after the first COMMAND= is the command. */
function readRecord(text: string): SudoRecord | undefined {
  const record: SudoRecord = {};
  let fields = 0;
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('COMMAND=', at)) {
      record.command = text.slice(at + 8);
      return record;
    }
    const stop = text.indexOf(' ; ', at);
    const part = text.slice(at, stop < 0 ? undefined : stop).replace(/ ;$/, '');
    const name = FIELD.exec(part)?.[1];
    const value = name === undefined ? '' : part.slice(name.length + 1);
    if (name === undefined && fields === 0 && record.reason === undefined) record.reason = part;
    else if (name === 'TTY' && value !== 'unknown') record.tty = value;
    else if (name === 'PWD' && value !== 'unknown') record.directory = value;
    else if (name === 'USER') record.target = value;
    else if (name === 'GROUP') record.group = value;
    if (name !== undefined) fields++;
    if (stop < 0) break;
    at = stop + 3;
  }
  return fields > 0 ? record : undefined;
}

/** Reads one message of sudo: commands run or refused, and what PAM says inside it. */
export function parseSudoMessage(message: string, draft: Draft): boolean {
  const text = message.trimStart();
  const colon = text.indexOf(' : ');
  if (colon < 1 || text.startsWith('pam_')) return parsePam(text, draft);
  const user = text.slice(0, colon);
  const rest = text.slice(colon + 3);
  if (rest.startsWith('(command continued) ')) {
    draft.user = { name: user };
    classify(draft, ['process'], ['info']);
    return true;
  }
  const record = readRecord(rest);
  if (!record) return false;
  draft.user = { name: user, ...(record.target && { effective: { name: record.target } }) };
  if (record.group) draft.group = { name: record.group };
  if (record.directory) draft.process = { ...draft.process, working_directory: record.directory };
  if (record.command) {
    draft.process = { ...draft.process, command_line: record.command, args: argumentsOf(record.command) };
  }
  if (record.tty) draft['system'] = { auth: { sudo: { tty: record.tty } } };
  if (record.reason !== undefined) draft.event['reason'] = record.reason;
  const refused = record.reason !== undefined && !record.reason.startsWith('problem with defaults');
  if (refused) classify(draft, ['process'], ['info'], 'sudo_command', 'failure');
  else if (record.command) classify(draft, ['process'], ['start'], 'sudo_command', 'success');
  else classify(draft, ['process'], ['info']);
  return true;
}
