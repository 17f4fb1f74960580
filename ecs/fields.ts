import { FIELDS, SHAPES } from './field-table.ts';

/** Types of ECS fields, as the reference names them. */
export type FieldType =
  | 'keyword'
  | 'long'
  | 'date'
  | 'boolean'
  | 'object'
  | 'flattened'
  | 'float'
  | 'nested'
  | 'wildcard'
  | 'ip'
  | 'geo_point'
  | 'integer'
  | 'double'
  | 'scaled_float'
  | 'constant_keyword'
  | 'match_only_text';

const TYPES: Readonly<Record<string, FieldType>> = {
  l: 'long',
  d: 'date',
  b: 'boolean',
  o: 'object',
  t: 'flattened',
  f: 'float',
  n: 'nested',
  w: 'wildcard',
  i: 'ip',
  g: 'geo_point',
  I: 'integer',
  D: 'double',
  s: 'scaled_float',
  c: 'constant_keyword',
  m: 'match_only_text',
};

function readShapes(): Map<string, string> {
  const shapes = new Map<string, string>();
  for (const line of SHAPES.trim().replaceAll('\n ', ' ').split('\n')) {
    const mark = line.indexOf(' = ');
    shapes.set(line.slice(0, mark), line.slice(mark + 3));
  }
  return shapes;
}

function readTable(): Map<string, FieldType> {
  const shapes = readShapes();
  const fields = new Map<string, FieldType>();
  const read = (text: string, above: string): void => {
    const path = [above];
    for (const word of text.split(/\s+|(?<=[{}])|(?=\})/)) {
      if (word === '') continue;
      if (word === '}') {
        path.pop();
        continue;
      }
      const opens = word.endsWith('{');
      const bare = opens ? word.slice(0, -1) : word;
      const at = bare.indexOf('@', 1);
      const head = at < 0 ? bare : bare.slice(0, at);
      const [name = '', code] = head.split(':');
      const full = `${path.at(-1)}${name}`;
      // A name with children and no type of its own is a set of fields, not a field.
      if (code !== undefined || (!opens && at < 0)) fields.set(full, TYPES[code ?? ''] ?? 'keyword');
      if (at >= 0) read(shapes.get(bare.slice(at + 1)) ?? '', `${full}.`);
      if (opens) path.push(`${full}.`);
    }
  };
  read(FIELDS.trim(), '');
  return fields;
}

/** Type of every ECS 9 field by its dotted name; multi-fields are left out. */
export const FIELD_TYPES: ReadonlyMap<string, FieldType> = readTable();

/** Top-level names that hold a set of fields (`source`, `http`, …), so that their value must be an object. */
export const FIELD_ROOTS: ReadonlySet<string> = new Set(
  [...FIELD_TYPES.keys()].flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])),
);

/** Fields that hold IP addresses, for CIDR tests. */
export const IP_FIELDS: ReadonlySet<string> = new Set(
  [...FIELD_TYPES].flatMap(([name, type]) => (type === 'ip' ? [name] : [])),
);

/** Values ECS allows in the four categorization fields. */
export const ALLOWED_VALUES = {
  'event.kind': ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal'],
  'event.category': [
    'api',
    'authentication',
    'configuration',
    'database',
    'driver',
    'email',
    'file',
    'host',
    'iam',
    'intrusion_detection',
    'library',
    'malware',
    'network',
    'package',
    'process',
    'registry',
    'session',
    'threat',
    'vulnerability',
    'web',
  ],
  'event.type': [
    'access',
    'admin',
    'allowed',
    'change',
    'connection',
    'creation',
    'deletion',
    'denied',
    'device',
    'end',
    'error',
    'group',
    'indicator',
    'info',
    'installation',
    'protocol',
    'start',
    'user',
  ],
  'event.outcome': ['failure', 'success', 'unknown'],
} as const;

/** Namespaces of our own and of sources whose fields ECS does not have. */
export const CUSTOM_ROOTS: ReadonlySet<string> = new Set(
  'haidang suricata nginx apache system postfix dovecot cisco fortinet winlog sysmon powershell squid haproxy iptables bind auditd netflow cef leef panw sophos checkpoint mikrotik modsecurity iis openvpn dhcp zeek postgresql webcheck'.split(
    ' ',
  ),
);

/**
 * The type of a field: its own, or that of the nearest `object` or `flattened` field it lies inside (`labels.env`).
 * Undefined where ECS has no such field.
 */
export function fieldType(name: string): FieldType | undefined {
  const own = FIELD_TYPES.get(name);
  if (own !== undefined) return own;
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const above = FIELD_TYPES.get(name.slice(0, dot));
    if (above !== undefined) return above === 'object' || above === 'flattened' ? 'keyword' : undefined;
  }
  return undefined;
}
