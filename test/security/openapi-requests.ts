/** A route of the OpenAPI document with what its requests are made of. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  /** As the table of permissions names it; undefined where none is declared. */
  readonly permission: string | undefined;
  readonly isPublic: boolean;
  readonly isWebSocket: boolean;
  readonly query: readonly Parameter[];
  readonly body: { readonly type: string; readonly schema: Schema } | undefined;
}

interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

/** JSON Schema as the document has it, as far as requests are made of it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
}

/** What a request asks about: values for parameters and properties by their name, for others by their form. */
export interface Subject {
  /** The first that a schema takes is used. */
  readonly named: Readonly<Record<string, readonly unknown[]>>;
  /** Texts for what has no name of these. */
  readonly texts: readonly string[];
}

interface Written {
  readonly 'x-permission'?: string;
  readonly security?: readonly unknown[];
  readonly description?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

const METHODS = ['get', 'post', 'put', 'delete', 'patch'] as const;

/** Every route of an OpenAPI document. */
export function operationsOf(document: { readonly paths: Readonly<Record<string, object>> }): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method): Operation[] => {
      const written = (methods as Readonly<Record<string, Written>>)[method];
      if (!written) return [];
      const [content] = Object.entries(written.requestBody?.content ?? {});
      const inQuery = (written.parameters ?? []).filter((parameter) => parameter.in === 'query');
      return [
        {
          method: method.toUpperCase() as Operation['method'],
          path,
          permission: written['x-permission'],
          isPublic: written.security?.length === 0,
          isWebSocket: /WebSocket/.test(written.description ?? ''),
          query: inQuery.map(({ name, required = false, schema = {} }) => ({ name, required, schema })),
          body: content && { type: content[0], schema: content[1].schema ?? {} },
        },
      ];
    }),
  );
}

/**
 * Query strings for a route: with what must be there, and with everything that can be about the subject. A parameter of several
 * values gives several queries.
 */
export function queriesOf({ query }: Pick<Operation, 'query'>, subject: Subject): readonly string[] {
  const write = (chosen: readonly Parameter[], turn: number) => {
    const search = new URLSearchParams();
    for (const { name, schema } of chosen) {
      const value = sampleOf(schema, name, subject, { all: true, turn });
      if (value !== null) search.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
    }
    return search.size === 0 ? '' : `?${search}`;
  };
  const needed = query.filter(({ required }) => required);
  const about = query.filter(({ name, required, schema }) => required || subject.named[name] || schema.enum);
  const turns = Math.max(1, ...about.map(({ name }) => subject.named[name]?.length ?? 1));
  const written = [write(needed, 0), ...Array.from({ length: turns }, (_, turn) => write(about, turn))];
  return [...new Set(written)];
}

/** Bodies for a route: as small and as full as its schema allows. */
export function bodiesOf(
  { body }: Pick<Operation, 'body'>,
  subject: Subject,
): readonly (string | Buffer | undefined)[] {
  if (!body) return [undefined];
  if (!body.type.includes('json')) return [Buffer.from(subject.texts[0] ?? 'x')];
  const made = [false, true].map((all) => JSON.stringify(sampleOf(body.schema, '', subject, { all, turn: 0 })));
  return [...new Set(made)];
}

/** A value that a schema takes, about the subject where its name says so. */
export function sampleOf(
  schema: Schema,
  name: string,
  subject: Subject,
  how: { readonly all: boolean; readonly turn: number },
): unknown {
  const named = subject.named[name] ?? [];
  const turned = named.map((_, at) => named[(at + how.turn) % named.length]);
  const fits = turned.find((value) => takes(schema, value));
  if (fits !== undefined) return fits;
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[how.turn % schema.enum.length];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const [first] = [...choices].sort((one, other) => rank(one) - rank(other));
    return first ? sampleOf(first, name, subject, how) : null;
  }
  if (schema.allOf)
    return Object.assign({}, ...schema.allOf.map((part) => sampleOf(part, name, subject, how) as object));
  switch (typeOf(schema)) {
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const wanted = Object.entries(properties).filter(([key]) => how.all || required.includes(key));
      return Object.fromEntries(wanted.map(([key, inner]) => [key, sampleOf(inner, key, subject, how)]));
    }
    case 'array':
      return [sampleOf(schema.items ?? {}, name, subject, how)];
    case 'integer':
    case 'number':
      return schema.default ?? Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return how.all;
    case 'null':
      return null;
    default:
      return textFor(schema, subject);
  }
}

/** What says most comes first. */
function rank(schema: Schema): number {
  return typeOf(schema) === 'null' ? 2 : schema.const === undefined ? 0 : 1;
}

function typeOf({ type, properties }: Schema): string | undefined {
  if (typeof type === 'string') return type;
  return type?.find((one) => one !== 'null') ?? (properties ? 'object' : undefined);
}

function textFor(schema: Schema, { texts }: Subject): string {
  const found = texts.find((text) => takes(schema, text));
  return found ?? texts[0] ?? 'x';
}

function takes(schema: Schema, value: unknown): boolean {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.some((one) => takes(one, value));
  if ('const' in schema) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  const type = typeOf(schema);
  if (Array.isArray(value)) return type === 'array';
  if (typeof value === 'object' && value !== null) return type === 'object';
  if (typeof value !== 'string') return type === typeof value || (type === 'integer' && Number.isInteger(value));
  if (type !== undefined && type !== 'string') return false;
  const { minLength = 0, maxLength = Number.MAX_SAFE_INTEGER, pattern, format } = schema;
  if (value.length < minLength || value.length > maxLength) return false;
  if (format === 'date-time' && Number.isNaN(Date.parse(value))) return false;
  return pattern === undefined || new RegExp(pattern, 'u').test(value);
}
