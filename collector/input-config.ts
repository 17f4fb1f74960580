import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type CollectorError, reasonOf } from './errors.ts';
import { ENCODINGS, type Encoding, makeCutter } from './inputs/cutter.ts';
import { readSecrets } from './inputs/http-auth.ts';
import type { ListenerTls } from './inputs/tls.ts';
import type { Site } from './inputs/web-check.ts';
import { PARSER_NAMES } from './parsers/index.ts';

const strict = { additionalProperties: false };
const Parser = Type.Optional(
  Type.String({ description: 'Name of the parser, or `auto` to find it by the line.', default: 'auto' }),
);
const Port = Type.Integer({ minimum: 0, maximum: 65_535, description: 'Port to listen on; 0 takes a free one.' });
const Host = Type.Optional(Type.String({ description: 'Address to listen on.', default: '127.0.0.1' }));
const Tls = Type.Optional(
  Type.Union(
    [
      Type.Boolean(),
      Type.Object(
        {
          certificate: Type.String({ minLength: 1, description: 'Certificate to show (PEM).' }),
          key: Type.String({ minLength: 1, description: 'Its private key (PEM).' }),
          client_ca: Type.Optional(
            Type.String({ minLength: 1, description: 'CA (PEM) that senders must show a certificate of.' }),
          ),
        },
        strict,
      ),
    ],
    { description: "TLS: `true` with the collector's own certificate, or the files to use.", default: false },
  ),
);

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
    encoding: Type.Optional(
      Type.Union(
        ENCODINGS.map((name) => Type.Literal(name)),
        { description: 'Encoding of the files.', default: 'utf-8' },
      ),
    ),
    multiline: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'Pattern of the line that begins a record; lines it does not match belong to the record before.',
      }),
    ),
    backfill: Type.Optional(
      Type.Boolean({
        description: 'At the very first start, read rotated copies as well, those in gzip and zstd too.',
        default: false,
      }),
    ),
  },
  strict,
);

const SyslogInputConfig = Type.Object(
  {
    type: Type.Literal('syslog', { description: 'Listens for RFC 3164 and RFC 5424 messages.' }),
    host: Host,
    port: Type.Optional(Port),
    udp: Type.Optional(Type.Boolean({ description: 'Listen on UDP; off with `tls`.', default: true })),
    tcp: Type.Optional(Type.Boolean({ description: 'Listen on TCP, octet counting and lines.', default: true })),
    tls: Tls,
    parser: Parser,
  },
  strict,
);

const RelpInputConfig = Type.Object(
  {
    type: Type.Literal('relp', { description: 'Listens for syslog over RELP: acknowledged when on disk.' }),
    host: Host,
    port: Type.Optional(Port),
    tls: Tls,
    parser: Parser,
  },
  strict,
);

const HttpInputConfig = Type.Object(
  {
    type: Type.Literal('http', { description: 'Listens for JSON, lines, `_bulk` and OTLP logs over HTTP.' }),
    host: Host,
    port: Type.Optional(Port),
    tls: Tls,
    secrets: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'File of secrets, one a line: `basic NAME:PASSWORD`, `bearer TOKEN`, …',
      }),
    ),
    present_as: Type.Optional(
      Type.Union([Type.Literal('elasticsearch'), Type.Literal('opensearch')], {
        description: 'What to tell senders that ask which product this is.',
        default: 'elasticsearch',
      }),
    ),
    max_body_mib: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 256, description: 'Most MiB of one request, decompressed.', default: 32 }),
    ),
    parser: Parser,
  },
  strict,
);

const NetflowInputConfig = Type.Object(
  {
    type: Type.Literal('netflow', { description: 'Listens for NetFlow v5, v9 and IPFIX over UDP.' }),
    host: Host,
    port: Type.Optional(Port),
  },
  strict,
);

const Words = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 50, description }));
const SiteConfig = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', maxLength: 2_000, description: 'Address of the page.' }),
    every_seconds: Type.Optional(
      Type.Integer({ minimum: 10, maximum: 86_400, description: 'How often.', default: 300 }),
    ),
    within_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 120, description: 'Without an answer for so long it is down.', default: 15 }),
    ),
    statuses: Type.Optional(
      Type.Array(Type.Integer({ minimum: 100, maximum: 599 }), {
        maxItems: 20,
        description: 'Statuses of a site that works; all below 400 unless given.',
      }),
    ),
    words: Words('Words that the page must show.'),
    forbidden: Words('Words that it must not show.'),
    ca: Type.Optional(Type.String({ minLength: 1, description: 'CA (PEM) of a site that no public one signed.' })),
  },
  strict,
);

const WebCheckInputConfig = Type.Object(
  {
    type: Type.Literal('web-check', { description: 'Looks at web sites: do they answer, is the page theirs.' }),
    sites: Type.Array(SiteConfig, { minItems: 1, maxItems: 200 }),
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
  relp: RelpInputConfig,
  http: HttpInputConfig,
  netflow: NetflowInputConfig,
  'web-check': WebCheckInputConfig,
  journald: JournaldInputConfig,
  stdin: StdinInputConfig,
} as const;

/** Kinds of inputs. */
export const INPUT_TYPES: readonly string[] = Object.keys(INPUTS);

type Plain<T extends TSchema> = Required<Omit<Static<T>, 'tls'>>;
type WithTls<T extends TSchema> = Plain<T> & { readonly tls: ListenerTls | undefined };

/** An input as the configuration names it, with its defaults; paths are absolute. */
export type InputConfig =
  | (Omit<Plain<typeof FileInputConfig>, 'multiline' | 'encoding'> & {
      readonly encoding: Encoding;
      readonly multiline: string | undefined;
    })
  | WithTls<typeof SyslogInputConfig>
  | WithTls<typeof RelpInputConfig>
  | (Omit<WithTls<typeof HttpInputConfig>, 'secrets'> & { readonly secrets: string | undefined })
  | Plain<typeof NetflowInputConfig>
  | { readonly type: 'web-check'; readonly sites: readonly Site[] }
  | Static<typeof JournaldInputConfig>
  | Plain<typeof StdinInputConfig>;

/** Makes the error of a fault at a key; `what` follows the key's name. */
export type Fault = (keys: readonly (string | number)[], what: string) => CollectorError;

/** What the reading of inputs needs of the file around them. */
export interface InputsIn {
  /** Folder that relative paths start from. */
  readonly base: string;
  readonly syslogPort: number;
  readonly fault: Fault;
  /** The collector's own certificate and key, for `tls: true`. */
  readonly certificate: string;
  readonly key: string;
  /** Names of parsers beside the built-in ones. */
  readonly parserNames?: readonly string[];
}

/** Checks content against a schema; throws the first fault with its key. */
export function check<T extends TSchema>(
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

/** Reads the `inputs` of a configuration. */
export function readInputs(given: unknown, place: InputsIn): 'auto' | InputConfig[] {
  const { base, syslogPort, fault } = place;
  if (given === 'auto') return 'auto';
  if (!Array.isArray(given)) throw fault(['inputs'], 'must be `auto` or a list');
  return given.map((input: unknown, index): InputConfig => {
    const keys = ['inputs', index];
    const type: unknown = input !== null && typeof input === 'object' ? (input as { type?: unknown }).type : undefined;
    if (typeof type !== 'string' || !Object.hasOwn(INPUTS, type)) {
      throw fault([...keys, 'type'], `must be one of ${Object.keys(INPUTS).join(', ')}`);
    }
    const given = (input as { parser?: unknown }).parser;
    const known = [...PARSER_NAMES, ...(place.parserNames ?? [])];
    if (typeof given === 'string' && given !== 'auto' && !known.includes(given)) {
      throw fault([...keys, 'parser'], `must be auto or one of ${known.join(', ')}`);
    }
    const parser = typeof given === 'string' ? given : 'auto';
    switch (type as keyof typeof INPUTS) {
      case 'file': {
        check(FileInputConfig, input, keys, fault);
        const paths = input.paths.map((path) => resolve(base, path));
        const { from = 'start', encoding = 'utf-8', multiline, backfill = false } = input;
        try {
          makeCutter({ encoding, start: multiline });
        } catch (error) {
          throw fault([...keys, 'multiline'], `is no pattern that can be used: ${reasonOf(error)}`);
        }
        return { type: 'file', paths, parser, from, encoding, multiline, backfill };
      }
      case 'syslog': {
        check(SyslogInputConfig, input, keys, fault);
        const tls = readTls(input.tls, keys, place);
        const { host = '127.0.0.1', port = tls ? 6514 : syslogPort, udp = !tls, tcp = true } = input;
        if (tls && udp) throw fault([...keys, 'udp'], 'cannot be with `tls`: TLS runs over TCP; list two inputs');
        return { type: 'syslog', host, port, udp, tcp, tls, parser };
      }
      case 'relp': {
        check(RelpInputConfig, input, keys, fault);
        const { host = '127.0.0.1', port = 2514 } = input;
        return { type: 'relp', host, port, tls: readTls(input.tls, keys, place), parser };
      }
      case 'http':
        check(HttpInputConfig, input, keys, fault);
        return readHttp(input, parser, keys, place);
      case 'netflow': {
        check(NetflowInputConfig, input, keys, fault);
        return { type: 'netflow', host: input.host ?? '127.0.0.1', port: input.port ?? 2055 };
      }
      case 'web-check':
        check(WebCheckInputConfig, input, keys, fault);
        return {
          type: 'web-check',
          sites: input.sites.map((site, at) => readSite(site, [...keys, 'sites', at], place)),
        };
      case 'journald':
        check(JournaldInputConfig, input, keys, fault);
        return { type: 'journald' };
      default:
        check(StdinInputConfig, input, keys, fault);
        return { type: 'stdin', parser };
    }
  });
}

type Keys = readonly (string | number)[];

function readSite(given: Static<typeof SiteConfig>, keys: Keys, place: InputsIn): Site {
  if (!URL.canParse(given.url)) throw place.fault([...keys, 'url'], 'is no address of a page');
  const ca = given.ca === undefined ? undefined : resolve(place.base, given.ca);
  if (ca !== undefined) {
    try {
      readFileSync(ca);
    } catch (error) {
      throw place.fault([...keys, 'ca'], `cannot be read: ${reasonOf(error)}`);
    }
  }
  const { every_seconds: everySeconds = 300, within_seconds: withinSeconds = 15 } = given;
  const { statuses = [], words = [], forbidden = [] } = given;
  return { url: given.url, everySeconds, withinSeconds, statuses, words, forbidden, ca };
}

function readHttp(input: Static<typeof HttpInputConfig>, parser: string, keys: Keys, place: InputsIn): InputConfig {
  const { host = '127.0.0.1', port = 8088, present_as = 'elasticsearch', max_body_mib = 32 } = input;
  const tls = readTls(input.tls, keys, place);
  const secrets = input.secrets === undefined ? undefined : resolve(place.base, input.secrets);
  if (secrets === undefined && tls?.clientCa === undefined && !isLoopback(host)) {
    throw place.fault(
      [...keys, 'host'],
      `is ${host}, which others can reach: name a file of \`secrets\`, or \`tls\` with a \`client_ca\``,
    );
  }
  if (secrets !== undefined) {
    try {
      readSecrets(secrets);
    } catch (error) {
      throw place.fault([...keys, 'secrets'], `cannot be used: ${reasonOf(error)}`);
    }
  }
  return { type: 'http', host, port, tls, secrets, present_as, max_body_mib, parser };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

type TlsKeys = Static<typeof Tls>;

function readTls(given: TlsKeys | undefined, keys: Keys, place: InputsIn): ListenerTls | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return { certificate: place.certificate, key: place.key };
  const path = (key: 'certificate' | 'key' | 'client_ca', value: string) => {
    const file = resolve(place.base, value);
    try {
      readFileSync(file);
    } catch (error) {
      throw place.fault([...keys, 'tls', key], `cannot be read: ${reasonOf(error)}`);
    }
    return file;
  };
  return {
    certificate: path('certificate', given.certificate),
    key: path('key', given.key),
    clientCa: given.client_ca === undefined ? undefined : path('client_ca', given.client_ca),
  };
}
