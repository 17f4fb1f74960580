import { ALLOWED_VALUES, FIELD_ROOTS, FIELD_TYPES, type FieldType, fieldType } from '../../ecs/fields.ts';

/** Types that a value of a line can be read as. */
export const VALUE_TYPES = [
  'keyword',
  'long',
  'double',
  'boolean',
  'ip',
  'date',
  'endpoint',
  'url',
  'request',
] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** Where a value goes and what it must be there. */
export interface Target {
  readonly name: string;
  readonly type: ValueType;
  /** Holds a list, whether or not the line has several values. */
  readonly isList: boolean;
  /** The values that ECS allows; undefined where any does. */
  readonly allowed: readonly string[] | undefined;
}

/** What only the collector and the server may say of an event. */
const SERVER_SETS = ['organization', 'agent', 'haidang', 'ecs', 'data_stream'];
const SERVER_FIELDS = new Set(
  'event.id event.ingested event.original event.kind event.module event.dataset event.created event.agent_id_status'.split(
    ' ',
  ),
);
const LISTS = new Set(
  'tags event.category event.type related.ip related.user related.hosts related.hash process.args host.ip host.mac dns.resolved_ip dns.header_flags user.roles email.to.address email.from.address email.cc.address email.bcc.address file.attributes'.split(
    ' ',
  ),
);
const ENDPOINTS = ['source', 'destination', 'client', 'server'];
const NAME = /^[a-z@][a-z0-9_@-]{0,63}(?:\.[A-Za-z0-9_@-]{1,64}){0,9}$/;
const TYPES: Partial<Readonly<Record<FieldType, ValueType>>> = {
  keyword: 'keyword',
  wildcard: 'keyword',
  constant_keyword: 'keyword',
  match_only_text: 'keyword',
  long: 'long',
  integer: 'long',
  float: 'double',
  double: 'double',
  scaled_float: 'double',
  boolean: 'boolean',
  ip: 'ip',
  date: 'date',
};

/** Whether nobody may make this the namespace of a parser's own fields. */
export function isReservedNamespace(name: string): boolean {
  return SERVER_SETS.includes(name) || FIELD_ROOTS.has(name) || FIELD_TYPES.has(name) || name === '__proto__';
}

/**
 * The target that a field name stands for, with the type asked for or that of ECS; a text instead is why it cannot be one.
 * `namespace` is the one of the parser's own fields.
 */
export function targetOf(name: string, asked: ValueType | undefined, namespace: string): Target | string {
  const root = name.split('.', 1)[0] as string;
  if (SERVER_SETS.includes(root) || SERVER_FIELDS.has(name))
    return `"${name}" is set by the collector and the server alone`;
  if (!NAME.test(name) || /(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/.test(name))
    return `"${name.slice(0, 80)}" is no name of a field`;
  const isList = LISTS.has(name);
  const target = (type: ValueType): Target => ({ name, type, isList, allowed: allowedFor(name) });
  if (asked === 'endpoint')
    return ENDPOINTS.includes(name) ? target('endpoint') : `an endpoint goes to one of ${ENDPOINTS.join(', ')}`;
  if (asked === 'url' || asked === 'request')
    return name === 'url' ? target(asked) : `a value of type ${asked} goes to "url"`;
  if (name === '@timestamp') return asked === undefined || asked === 'date' ? target('date') : mismatch(name, 'date');
  if (name === 'message') return target('keyword');
  const known = fieldType(name);
  if (known === undefined) {
    if (root === namespace && name !== root) return target(asked ?? 'keyword');
    if (FIELD_ROOTS.has(root) || FIELD_TYPES.has(root)) return `ECS has no field "${name}"`;
    return `"${name}" is no field of ECS, nor one below "${namespace}"`;
  }
  const type = TYPES[known];
  if (type === undefined) return `"${name}" holds other fields (it is of type ${known}); name one of those`;
  if (asked !== undefined && asked !== type && !(type === 'double' && asked === 'long')) return mismatch(name, type);
  return target(asked ?? type);
}

function mismatch(name: string, type: string): string {
  return `"${name}" is of type ${type} in ECS`;
}

function allowedFor(name: string): readonly string[] | undefined {
  return Object.hasOwn(ALLOWED_VALUES, name) ? ALLOWED_VALUES[name as keyof typeof ALLOWED_VALUES] : undefined;
}
