import type { FlowFields } from './netflow-decode.ts';

/** One field of a template. */
export interface Field {
  readonly id: number;
  /** 0 for IANA's own elements. */
  readonly enterprise: number;
  /** Bytes; 65535 where each record says (IPFIX alone). */
  readonly length: number;
}

/** How the records of one set are laid out. */
export interface Template {
  readonly fields: readonly Field[];
  readonly isOptions: boolean;
  /** Bytes that the shortest record takes. */
  readonly minimumLength: number;
}

interface Domain {
  readonly templates: Map<number, Template>;
  /** By sampler; 0 for the one that has no number. */
  readonly sampling: Map<number, number>;
  /** When the exporter started, where it has told (IPFIX carries times relative to it). */
  started: FlowFields[string] | undefined;
}

const MOST_DOMAINS = 1_024;
const MOST_TEMPLATES = 256;
const MOST_FIELDS = 256;
const MOST_SAMPLERS = 64;
/** Templates of all domains together, and their fields: some 15 MiB. */
const MOST_TEMPLATES_TOGETHER = 16_384;
const MOST_FIELDS_TOGETHER = 262_144;
const VARIABLE = 65_535;

/**
 * Templates and sampling rates by exporter and observation domain. Bounded: past 1,024 domains, 16,384 templates or 262,144
 * fields of all together the domain longest without news goes, past 256 templates of a domain the one learnt first.
 */
export class TemplateCache {
  readonly #domains = new Map<string, Domain>();
  #size = 0;
  #fields = 0;
  /** A template that was not known came, since whoever keeps them set this to false. */
  hasNews = false;

  /** Templates that are known now. */
  get size(): number {
    return this.#size;
  }

  /** Fields of all of them. */
  get fields(): number {
    return this.#fields;
  }

  find(domain: string, id: number): Template | undefined {
    return this.#domains.get(domain)?.templates.get(id);
  }

  /** Learns the templates of a set; false where a part of it makes no sense. */
  learn(name: string, body: Buffer, version: 9 | 10, isOptions: boolean): boolean {
    const domain = this.#domain(name);
    let at = 0;
    while (at + 4 <= body.length) {
      const id = body.readUInt16BE(at);
      if (id === 0) return true;
      if (id < 256 && !(version === 10 && (id === 2 || id === 3))) return false;
      const counts = fieldCounts(body, at, version, isOptions);
      if (!counts) return false;
      at = counts.start;
      if (counts.fields === 0) {
        // RFC 7011 §8.1: a template without fields is withdrawn; ids 2 and 3 stand for all of their kind.
        if (id >= 256) this.#forget(domain, id);
        else
          for (const [each, { isOptions: kind }] of domain.templates)
            if (kind === isOptions) this.#forget(domain, each);
        continue;
      }
      const read = readFields(body, at, counts.fields, version);
      if (!read) return false;
      at = read.end;
      this.put(name, id, { fields: read.fields, isOptions, minimumLength: read.minimumLength });
    }
    return true;
  }

  /** Keeps a template. */
  put(name: string, id: number, template: Template): void {
    const domain = this.#domain(name);
    const { templates } = domain;
    const before = templates.get(id);
    if (before === undefined || !isSame(before, template)) this.hasNews = true;
    this.#forget(domain, id);
    if (templates.size >= MOST_TEMPLATES) this.#forget(domain, templates.keys().next().value as number);
    templates.set(id, template);
    this.#size++;
    this.#fields += template.fields.length;
    while (this.#size > MOST_TEMPLATES_TOGETHER || this.#fields > MOST_FIELDS_TOGETHER) this.#forgetOldest();
  }

  /** Every template with its domain and number, the domain with the latest news last. */
  *all(): Generator<[string, number, Template]> {
    for (const [name, { templates }] of this.#domains) {
      for (const [id, template] of templates) yield [name, id, template];
    }
  }

  /** Takes the sampling rate and the exporter's start out of an options record. */
  options(name: string, record: FlowFields): void {
    const started = record['system_init_time_milliseconds'];
    if (started !== undefined) this.#domain(name).started = started;
    const interval = intervalOf(record);
    if (interval === undefined) return;
    const { sampling } = this.#domain(name);
    const sampler = samplerOf(record);
    if (sampling.size < MOST_SAMPLERS || sampling.has(sampler)) sampling.set(sampler, interval);
  }

  /** Adds to a flow what its exporter has told of all flows: one packet in how many was looked at, and its own start. */
  complete(name: string, flow: FlowFields): void {
    const interval = this.#samplingInterval(name, flow);
    if (interval !== undefined && flow['sampling_interval'] === undefined) flow['sampling_interval'] = interval;
    const started = this.#domains.get(name)?.started;
    if (started !== undefined && flow['flow_start_sys_up_time'] !== undefined) {
      flow['system_init_time_milliseconds'] ??= started;
    }
  }

  #samplingInterval(name: string, flow: FlowFields): number | undefined {
    const sampling = this.#domains.get(name)?.sampling;
    if (!sampling || sampling.size === 0) return undefined;
    return sampling.get(samplerOf(flow));
  }

  #domain(name: string): Domain {
    const found = this.#domains.get(name) ?? { templates: new Map(), sampling: new Map(), started: undefined };
    this.#domains.delete(name);
    if (this.#domains.size >= MOST_DOMAINS) this.#forgetOldest();
    this.#domains.set(name, found);
    return found;
  }

  #forget({ templates }: Domain, id: number): void {
    const template = templates.get(id);
    if (!template) return;
    templates.delete(id);
    this.#size--;
    this.#fields -= template.fields.length;
  }

  #forgetOldest(): void {
    const [name, domain] = this.#domains.entries().next().value as [string, Domain];
    for (const id of [...domain.templates.keys()]) this.#forget(domain, id);
    this.#domains.delete(name);
  }
}

function isSame(one: Template, other: Template): boolean {
  if (one.isOptions !== other.isOptions || one.fields.length !== other.fields.length) return false;
  return one.fields.every((field, at) => {
    const { id, enterprise, length } = other.fields[at] as Field;
    return field.id === id && field.enterprise === enterprise && field.length === length;
  });
}

function fieldCounts(
  body: Buffer,
  at: number,
  version: 9 | 10,
  isOptions: boolean,
): { fields: number; start: number } | undefined {
  if (!isOptions) return { fields: body.readUInt16BE(at + 2), start: at + 4 };
  if (version === 10) {
    const fields = body.readUInt16BE(at + 2);
    // A withdrawal has no count of scope fields.
    if (fields === 0) return { fields, start: at + 4 };
    return at + 6 <= body.length ? { fields, start: at + 6 } : undefined;
  }
  if (at + 6 > body.length) return undefined;
  const scope = body.readUInt16BE(at + 2);
  const options = body.readUInt16BE(at + 4);
  if (scope % 4 !== 0 || options % 4 !== 0 || scope + options === 0) return undefined;
  return { fields: (scope + options) / 4, start: at + 6 };
}

function readFields(
  body: Buffer,
  start: number,
  count: number,
  version: 9 | 10,
): { fields: Field[]; end: number; minimumLength: number } | undefined {
  if (count > MOST_FIELDS) return undefined;
  const fields: Field[] = [];
  let at = start;
  let minimumLength = 0;
  for (let field = 0; field < count; field++) {
    if (at + 4 > body.length) return undefined;
    const type = body.readUInt16BE(at);
    const length = body.readUInt16BE(at + 2);
    at += 4;
    let enterprise = 0;
    if (version === 10 && type >= 0x8000) {
      if (at + 4 > body.length) return undefined;
      enterprise = body.readUInt32BE(at);
      at += 4;
    }
    if (version === 9 && length === VARIABLE) return undefined;
    minimumLength += length === VARIABLE ? 1 : length;
    fields.push({ id: version === 10 ? type & 0x7fff : type, enterprise, length });
  }
  // A record of no bytes would never end.
  return minimumLength > 0 ? { fields, end: at, minimumLength } : undefined;
}

function samplerOf(record: FlowFields): number {
  const sampler = record['sampler_id'] ?? record['selector_id'];
  return typeof sampler === 'number' ? sampler : 0;
}

function intervalOf(record: FlowFields): number | undefined {
  const plain = record['sampling_interval'] ?? record['sampler_random_interval'];
  if (typeof plain === 'number' && plain > 0) return plain;
  const { sampling_packet_interval: taken, sampling_packet_space: space } = record;
  if (typeof taken === 'number' && typeof space === 'number' && taken > 0) return (taken + space) / taken;
  return typeof taken === 'number' && taken > 0 ? taken : undefined;
}
