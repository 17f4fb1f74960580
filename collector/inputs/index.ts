import { accessSync, constants, globSync, statSync } from 'node:fs';
import type { CollectorConfig, InputConfig } from '../config.ts';
import { FileInput } from './file.ts';
import { isCompressed } from './file-position.ts';
import type { Input, InputContext } from './input.ts';
import { JournaldInput, journalIsReadable } from './journald.ts';
import { StdinInput } from './stdin.ts';
import { SyslogInput } from './syslog.ts';

/** Where a Linux machine keeps its logs: what `inputs: auto` reads where there is no journal. */
const SYSTEM_LOGS = ['/var/log/auth.log', '/var/log/secure', '/var/log/syslog', '/var/log/messages'];
/** Logs that services write beside the journal. */
const SERVICE_LOGS = [
  '/var/log/nginx/*.log',
  '/var/log/apache2/*.log',
  '/var/log/httpd/*_log',
  '/var/log/suricata/eve.json',
];

/** Makes the inputs of a configuration, in the order it names them. */
export async function makeInputs(config: CollectorConfig, context: InputContext): Promise<Input[]> {
  const list = config.inputs === 'auto' ? await autoInputs(config, context) : config.inputs;
  return list.map((input) => makeInput(input, context));
}

function makeInput(input: InputConfig, context: InputContext): Input {
  switch (input.type) {
    case 'file':
      return new FileInput(input, context);
    case 'syslog':
      return new SyslogInput(input, context);
    case 'journald':
      return new JournaldInput(context);
    case 'stdin':
      return new StdinInput(input, context);
  }
}

/** What this machine has: its journal or its system logs, the logs of its services, and syslog on the local port. */
async function autoInputs(config: CollectorConfig, { log }: InputContext): Promise<InputConfig[]> {
  const hasJournal = await journalIsReadable();
  const patterns = hasJournal ? SERVICE_LOGS : [...SYSTEM_LOGS, ...SERVICE_LOGS];
  const paths = patterns.filter((pattern) => globSync(pattern).some((path) => !isCompressed(path) && isReadable(path)));
  log.info({ journal: hasJournal, paths, syslogPort: config.syslogPort }, 'reading what this machine has');
  return [
    ...(hasJournal ? [{ type: 'journald' } as const] : []),
    ...(paths.length > 0 ? [{ type: 'file', paths, parser: 'auto', from: 'start' } as const] : []),
    { type: 'syslog', host: '127.0.0.1', port: config.syslogPort, udp: true, tcp: true, parser: 'auto' },
  ];
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
