import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Type } from 'typebox';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { type BandwidthRule, readBandwidth } from '../ecs/rates.ts';
import { openOwnParsers, type ParserSource, readParserFolder } from './custom-parsers/own-parsers.ts';
import type { GeoPaths } from './enrichers/geo-files.ts';
import { networksOf } from './enrichers/networks.ts';
import { CollectorError, reasonOf } from './errors.ts';
import { check, type InputConfig, readInputs } from './input-config.ts';

const strict = { additionalProperties: false };
const SERVER = '^https://[^/]+/?$';

/** Every key of the collector's configuration file but `inputs`. */
export const CollectorFile = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9]{4,32}$', description: 'Id of this collector, as its certificate has it.' }),
    server: Type.Union(
      [
        Type.String({ pattern: SERVER, description: 'Address of the server, `https://host:8443`.' }),
        Type.Array(Type.String({ pattern: SERVER }), { minItems: 1, maxItems: 8 }),
      ],
      {
        description:
          'Address of the server, `https://host:8443`, or a list of servers of one installation: called in order, and the one that answers is kept.',
      },
    ),
    ca: Type.String({ minLength: 1, description: 'Certificate of the CA that the server must be signed by (PEM).' }),
    certificate: Type.String({ minLength: 1, description: "This collector's certificate (PEM)." }),
    key: Type.String({ minLength: 1, description: 'Its private key (PEM).' }),
    renew: Type.Optional(
      Type.Boolean({
        description:
          'Whether the collector renews its certificate by itself; enrolment sets it. Certificate and key are one file then.',
        default: false,
      }),
    ),
    proxy: Type.Optional(
      Type.String({
        pattern: '^https?://[^/]+/?$',
        description:
          'Proxy on the way to the server, asked to CONNECT: `http://[user:password@]host:3128`, or `https://` where it is spoken to over TLS.',
      }),
    ),
    proxy_ca: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'CA (PEM) that signed the certificate of an `https://` proxy. Default: those of the system.',
      }),
    ),
    bandwidth: Type.Optional(
      Type.Unknown({
        description:
          'Most that is sent per second, `2 Mbit/s`, or a list of `{limit, hours}` such as `{limit: 2 Mbit/s, hours: 08:00-17:00}`, of which the first that fits the hour holds. Default: no bound.',
      }),
    ),
    allow_folders: Type.Optional(
      Type.Array(Type.String({ pattern: '^/[^.{}*]*$' }), {
        maxItems: 50,
        description: 'Folders from which the policy of the server may read files; only this file can widen them.',
        default: ['/var/log'],
      }),
    ),
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
    geo: Type.Optional(
      Type.Object(
        {
          country: Type.Optional(Type.String({ minLength: 1, description: 'MMDB file of countries.' })),
          as: Type.Optional(Type.String({ minLength: 1, description: 'MMDB file of autonomous systems.' })),
        },
        {
          ...strict,
          description: 'Files that tell the country and the network of public addresses. Default: none.',
        },
      ),
    ),
    internal_networks: Type.Optional(
      Type.Array(Type.String({ minLength: 2, maxLength: 64 }), {
        maxItems: 500,
        description:
          'Networks (CIDR) that are inside, for `network.direction`. Default: private, loopback and link-local ones.',
      }),
    ),
    inputs: Type.Optional(
      Type.Unknown({ description: '`auto`, or a list of inputs, each with its `type`.', default: 'auto' }),
    ),
  },
  strict,
);

/** A configuration file, read and checked; paths are absolute, and the PEM files can be read. */
export interface CollectorConfig {
  readonly id: string;
  /** The first of `servers`. */
  readonly server: URL;
  /** In the order in which they are called. */
  readonly servers: readonly [URL, ...URL[]];
  /** Paths of the PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Whether the certificate is renewed from here. */
  readonly renew: boolean;
  readonly proxy: URL | undefined;
  /** Path of the PEM file that an `https://` proxy is checked by. */
  readonly proxyCa: string | undefined;
  readonly bandwidth: readonly BandwidthRule[];
  /** Folders that a policy may name files in. */
  readonly allowFolders: readonly string[];
  readonly spool: string;
  /** Bytes; undefined leaves it to the spool. */
  readonly spoolMax: number | undefined;
  readonly timeZone: string;
  /** Files of addresses; absolute. Whether they are there shows when they are opened, and stops nothing. */
  readonly geo: GeoPaths;
  /** CIDR; undefined for the private ones. */
  readonly internalNetworks: readonly string[] | undefined;
  /** Documents of parsers, from the folder `parsers` beside the file. */
  readonly parsers: readonly ParserSource[];
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
  const pem = (key: 'ca' | 'certificate' | 'key' | 'proxy_ca') => {
    const file = resolve(base, content[key] ?? '');
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
  if (content.renew && content.certificate !== content.key) {
    throw fault(['renew'], 'needs certificate and key in one file, so that both change in one step');
  }
  if (content.proxy !== undefined && !URL.canParse(content.proxy)) throw fault(['proxy'], 'is not an address');
  const servers = (typeof content.server === 'string' ? [content.server] : content.server).map((text, place) => {
    if (!URL.canParse(text)) throw fault(['server', place], 'is not an address');
    return new URL(text);
  }) as [URL, ...URL[]];
  const bandwidth = content.bandwidth === undefined ? [] : readBandwidth(content.bandwidth);
  if (!bandwidth) throw fault(['bandwidth'], 'is neither a rate such as `2 Mbit/s` nor a list of `{limit, hours}`');
  for (const [at, network] of (content.internal_networks ?? []).entries()) {
    try {
      networksOf([network]);
    } catch (error) {
      throw fault(['internal_networks', at], `is wrong: ${reasonOf(error).replace(/\.$/, '')}`);
    }
  }
  const geoFile = (path: string | undefined) => (path === undefined ? undefined : resolve(base, path));
  const syslogPort = Number(env['HAIDANG_SYSLOG_PORT'] ?? '5514');
  if (!Number.isInteger(syslogPort) || syslogPort < 0 || syslogPort > 65_535) {
    throw new CollectorError('HD_CONFIG_KEY', 'HAIDANG_SYSLOG_PORT is not a port number.');
  }
  const { parsers, names: parserNames } = ownParsers(join(base, 'parsers'));
  return {
    id: content.id,
    server: servers[0],
    servers,
    ca: pem('ca'),
    certificate: pem('certificate'),
    key: pem('key'),
    renew: content.renew ?? false,
    allowFolders: content.allow_folders ?? ['/var/log'],
    proxy: content.proxy === undefined ? undefined : new URL(content.proxy),
    proxyCa: content.proxy_ca === undefined ? undefined : pem('proxy_ca'),
    bandwidth,
    spool: resolve(base, content.spool),
    spoolMax: readSize(content.spool_max),
    timeZone,
    geo: { country: geoFile(content.geo?.country), as: geoFile(content.geo?.as) },
    internalNetworks: content.internal_networks,
    parsers,
    inputs: readInputs(content.inputs ?? 'auto', {
      base,
      parserNames,
      syslogPort,
      fault,
      certificate: resolve(base, content.certificate),
      key: resolve(base, content.key),
    }),
    syslogPort,
  };
}

/** The parsers of a folder and the names that inputs may use. */
function ownParsers(folder: string): { readonly parsers: readonly ParserSource[]; readonly names: readonly string[] } {
  try {
    const parsers = readParserFolder(folder);
    return { parsers, names: [...openOwnParsers(parsers).byName.keys()] };
  } catch (error) {
    throw new CollectorError('HD_CONFIG_PARSER', reasonOf(error), error);
  }
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
