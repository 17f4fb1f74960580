import { accessSync, constants, globSync, statSync } from 'node:fs';
import type { CollectorConfig } from '../config.ts';
import type { InputConfig } from '../input-config.ts';
import { FileInput } from './file.ts';
import { isCompressed } from './file-position.ts';
import { HttpInput } from './http.ts';
import type { Input, InputContext } from './input.ts';
import { JournaldInput, journalIsReadable } from './journald.ts';
import { NetflowInput } from './netflow.ts';
import { RelpInput } from './relp.ts';
import { StdinInput } from './stdin.ts';
import { SyslogInput } from './syslog.ts';
import { WebCheckInput } from './web-check.ts';

/** Where a machine keeps its logs, as `inputs: auto` looks for them. */
export interface LogPlaces {
  hasJournal(): Promise<boolean>;
  /** Read where there is no journal. */
  readonly system: readonly string[];
  /** Globs of logs that services write beside the journal. */
  readonly services: readonly string[];
}

/** Where Linux machines keep them. */
export const LINUX: LogPlaces = {
  hasJournal: () => journalIsReadable(),
  system: ['/var/log/auth.log', '/var/log/secure', '/var/log/syslog', '/var/log/messages'],
  services: [
    '/var/log/nginx/*.log',
    '/var/log/apache2/*.log',
    '/var/log/httpd/*_log',
    '/var/log/suricata/eve.json',
    '/var/log/audit/audit.log',
  ],
};

const PLAIN = { encoding: 'utf-8', multiline: undefined, backfill: false } as const;

/** Makes the inputs of a configuration, in the order it names them. */
export async function makeInputs(
  config: Pick<CollectorConfig, 'inputs' | 'syslogPort'>,
  context: InputContext,
  places: LogPlaces = LINUX,
): Promise<Input[]> {
  const list = config.inputs === 'auto' ? await autoInputs(config.syslogPort, context, places) : config.inputs;
  return list.map((input) => makeInput(input, context));
}

function makeInput(input: InputConfig, context: InputContext): Input {
  switch (input.type) {
    case 'file':
      return new FileInput(input, context);
    case 'syslog':
      return new SyslogInput(input, context);
    case 'http': {
      const { present_as: presentAs, max_body_mib, ...rest } = input;
      return new HttpInput({ ...rest, presentAs, maxBody: max_body_mib * 1024 * 1024 }, context);
    }
    case 'journald':
      return new JournaldInput(context);
    case 'netflow':
      return new NetflowInput(input, context);
    case 'relp':
      return new RelpInput(input, context);
    case 'stdin':
      return new StdinInput(input, context);
    case 'web-check':
      return new WebCheckInput(input, context);
  }
}

/** What this machine has: its journal or its system logs, the logs of its services, and syslog on the local port. */
async function autoInputs(syslogPort: number, { log }: InputContext, places: LogPlaces): Promise<InputConfig[]> {
  const hasJournal = await places.hasJournal();
  const patterns = hasJournal ? places.services : [...places.system, ...places.services];
  const paths = patterns.filter((pattern) => globSync(pattern).some((path) => !isCompressed(path) && isReadable(path)));
  log.info({ journal: hasJournal, paths, syslogPort }, 'reading what this machine has');
  return [
    ...(hasJournal ? [{ type: 'journald' } as const] : []),
    ...(paths.length > 0 ? [{ type: 'file', paths, parser: 'auto', from: 'start', ...PLAIN } as const] : []),
    { type: 'syslog', host: '127.0.0.1', port: syslogPort, udp: true, tcp: true, tls: undefined, parser: 'auto' },
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
