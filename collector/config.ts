import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { CollectorError, reasonOf } from './errors.ts';
import { PARSER_NAMES } from './parsers/index.ts';

const strict = { additionalProperties: false };
const Parser = Type.Optional(
  Type.String({ description: 'Name of the parser, or `auto` to find it by the line.', default: 'auto' }),
);
const Port = Type.Integer({ minimum: 0, maximum: 65_535, description: 'Port to listen on; 0 takes a free one.' });

const FileInputConfig = Type.Object(
  {
    type: Type.Literal('file', { description: 'Follows text files.' }),
    paths: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 100,
      description:
        'Paths or globs; relative ones from the folder of this file. Rotated and compressed copies are left out.',
    }),
    parser: Parser,
    from: Type.Optional(
      Type.Union([Type.Literal('start'), Type.Literal('end')], {
        description: 'Where to begin with a file that is there at the very first start.',
        default: 'start',
      }),
    ),
  },
  strict,
);

const SyslogInputConfig = Type.Object(
  {
    type: Type.Literal('syslog', { description: 'Listens for RFC 3164 and RFC 5424 messages.' }),
    host: Type.Optional(Type.String({ description: 'Address to listen on.', default: '127.0.0.1' })),
    port: Type.Optional(Port),
    udp: Type.Optional(Type.Boolean({ description: 'Listen on UDP.', default: true })),
    tcp: Type.Optional(Type.Boolean({ description: 'Listen on TCP, octet counting and lines.', default: true })),
    parser: Parser,
  },
  strict,
);

const JournaldInputConfig = Type.Object(
  { type: Type.Literal('journald', { description: 'Follows the systemd journal.' }) },
  strict,
);

const StdinInputConfig = Type.Object(
  { type: Type.Literal('stdin', { description: 'Reads standard input to its end.' }), parser: Parser },
  strict,
);

const INPUTS = {
  file: FileInputConfig,
  syslog: SyslogInputConfig,
  journald: JournaldInputConfig,
  stdin: StdinInputConfig,
} as const;

/** Every key of the collector's configuration file but `inputs`. */
export const CollectorFile = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9]{4,32}$', description: 'Id of this collector, as its certificate has it.' }),
    server: Type.String({ pattern: '^https://[^/]+/?$', description: 'Address of the server, `https://host:8443`.' }),
    ca: Type.String({ minLength: 1, description: 'Certificate of the CA that the server must be signed by (PEM).' }),
    certificate: Type.String({ minLength: 1, description: "This collector's certificate (PEM)." }),
    key: Type.String({ minLength: 1, description: 'Its private key (PEM).' }),
    spool: Type.String({ minLength: 1, description: 'Folder of the disk buffer; one collector each.' }),
    spool_max: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[1-9][0-9]{0,6} ?[KMGT]i?B$' })], {
        description: 'Most bytes the spool may take, such as `10GiB`. Default: 10 GiB or a fifth of the free disk.',
      }),
    ),
    time_zone: Type.Optional(
      Type.String({
        description: "Zone of times written without one. Default: the machine's own, the one its logs use.",
      }),
    ),
    inputs: Type.Optional(
      Type.Unknown({ description: '`auto`, or a list of inputs, each with its `type`.', default: 'auto' }),
    ),
  },
  strict,
);

export type InputConfig =
  | Required<Static<typeof FileInputConfig>>
  | Required<Static<typeof SyslogInputConfig>>
  | Static<typeof JournaldInputConfig>
  | Required<Static<typeof StdinInputConfig>>;

/** A configuration file, read and checked; paths are absolute, and the PEM files can be read. */
export interface CollectorConfig {
  readonly id: string;
  readonly server: URL;
  /** Paths of the PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly spool: string;
  /** Bytes; undefined leaves it to the spool. */
  readonly spoolMax: number | undefined;
  readonly timeZone: string;
  readonly inputs: 'auto' | readonly InputConfig[];
  /** Port of the syslog listener of `auto`. */
  readonly syslogPort: number;
}

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Reads the configuration file; the first fault is thrown with its key and `file:line`. */
export function readConfig(path: string, env: NodeJS.ProcessEnv = process.env): CollectorConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CollectorError('HD_CONFIG_ABSENT', `Cannot read the configuration ${path}: ${reasonOf(error)}.`, error);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (keys: readonly (string | number)[]) => {
    for (let depth = keys.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return `${path}:${lines.linePos(node.range[0]).line}`;
    }
    return `${path}:1`;
  };
  const fault = (keys: readonly (string | number)[], what: string) =>
    new CollectorError('HD_CONFIG_KEY', `${at(keys)}: ${keys.join('.') || 'the file'} ${what}.`);

  const broken = document.errors[0];
  if (broken) {
    const line = lines.linePos(broken.pos[0]).line;
    throw new CollectorError('HD_CONFIG_SYNTAX', `${path}:${line}: ${broken.message.split('\n')[0]}.`);
  }
  const content: unknown = document.toJS({ maxAliasCount: 100 });
  check(CollectorFile, content, [], fault);
  const base = dirname(resolve(path));
  const pem = (key: 'ca' | 'certificate' | 'key') => {
    const file = resolve(base, content[key]);
    try {
      readFileSync(file);
      return file;
    } catch (error) {
      throw new CollectorError(
        'HD_CONFIG_FILE',
        `${at([key])}: ${key}: cannot read ${file}: ${reasonOf(error)}.`,
        error,
      );
    }
  };
  const timeZone = content.time_zone ?? machineTimeZone();
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw fault(['time_zone'], `is not the name of a time zone: ${timeZone}`);
  }
  if (!URL.canParse(content.server)) throw fault(['server'], 'is not an address');
  const syslogPort = Number(env['HAIDANG_SYSLOG_PORT'] ?? '5514');
  if (!Number.isInteger(syslogPort) || syslogPort < 0 || syslogPort > 65_535) {
    throw new CollectorError('HD_CONFIG_KEY', 'HAIDANG_SYSLOG_PORT is not a port number.');
  }
  return {
    id: content.id,
    server: new URL(content.server),
    ca: pem('ca'),
    certificate: pem('certificate'),
    key: pem('key'),
    spool: resolve(base, content.spool),
    spoolMax: readSize(content.spool_max),
    timeZone,
    inputs: readInputs(content.inputs ?? 'auto', { base, syslogPort, fault }),
    syslogPort,
  };
}

type Fault = (keys: readonly (string | number)[], what: string) => CollectorError;

function check<T extends typeof CollectorFile | (typeof INPUTS)[keyof typeof INPUTS]>(
  schema: T,
  content: unknown,
  keys: readonly (string | number)[],
  fault: Fault,
): asserts content is Static<T> {
  if (Value.Check(schema, content)) return;
  const [first] = Value.Errors(schema, content);
  const found = (first?.instancePath ?? '').split('/').slice(1);
  const params = (first?.params ?? {}) as { requiredProperties?: string[]; additionalProperties?: string[] };
  const missing = params.requiredProperties?.[0];
  const unknown = params.additionalProperties?.[0];
  if (missing !== undefined) throw fault([...keys, ...found, missing], 'is missing');
  if (unknown !== undefined) throw fault([...keys, ...found, unknown], 'is not a key that is known here');
  if (first?.message === 'schema is false') throw fault([...keys, ...found], 'is not a key that is known here');
  throw fault([...keys, ...found], `is not right: ${first?.message ?? 'see docs/collector.md'}`);
}

function readInputs(
  given: unknown,
  { base, syslogPort, fault }: { base: string; syslogPort: number; fault: Fault },
): 'auto' | InputConfig[] {
  if (given === 'auto') return 'auto';
  if (!Array.isArray(given)) throw fault(['inputs'], 'must be `auto` or a list');
  return given.map((input: unknown, index): InputConfig => {
    const keys = ['inputs', index];
    const type: unknown = input !== null && typeof input === 'object' ? (input as { type?: unknown }).type : undefined;
    if (typeof type !== 'string' || !Object.hasOwn(INPUTS, type)) {
      throw fault([...keys, 'type'], `must be one of ${Object.keys(INPUTS).join(', ')}`);
    }
    const parser = (input as { parser?: unknown }).parser;
    if (typeof parser === 'string' && parser !== 'auto' && !PARSER_NAMES.includes(parser)) {
      throw fault([...keys, 'parser'], `must be auto or one of ${PARSER_NAMES.join(', ')}`);
    }
    if (type === 'file') {
      check(FileInputConfig, input, keys, fault);
      const paths = input.paths.map((path) => resolve(base, path));
      return { type, paths, parser: input.parser ?? 'auto', from: input.from ?? 'start' };
    }
    if (type === 'syslog') {
      check(SyslogInputConfig, input, keys, fault);
      const { host = '127.0.0.1', port = syslogPort, udp = true, tcp = true } = input;
      return { type, host, port, udp, tcp, parser: input.parser ?? 'auto' };
    }
    if (type === 'journald') {
      check(JournaldInputConfig, input, keys, fault);
      return { type };
    }
    check(StdinInputConfig, input, keys, fault);
    return { type: 'stdin', parser: input.parser ?? 'auto' };
  });
}

/** The zone this machine's clock is set to, and so the one its logs are written in; UTC where the system names none. */
function machineTimeZone(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  // A TZ that no zone has reads as `Etc/Unknown`, which is no zone to convert from.
  return timeZone && timeZone !== 'Etc/Unknown' ? timeZone : 'UTC';
}

function readSize(given: string | number | undefined): number | undefined {
  if (given === undefined || typeof given === 'number') return given;
  const [, digits = '0', unit = 'M'] = /^(\d+) ?([KMGT])/.exec(given) ?? [];
  return Number(digits) * (UNITS[unit] ?? 1);
}
