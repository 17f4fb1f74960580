/** What a bundle says, in the few things that a person decides upon; the bytes beside it are what leaves. */
export interface BundleFacts {
  readonly title: string;
  /** The sharing mark as recipients read it, `TLP:AMBER`. */
  readonly mark: string | undefined;
  readonly severity: string | undefined;
  readonly rsit: string | undefined;
  readonly detectedAt: string | undefined;
  readonly systems: readonly { readonly name: string; readonly level: number }[];
  /** Texts of notes: the summary, and answers to what the recipient asked. */
  readonly notes: readonly { readonly id: string; readonly kind: string; readonly text: string }[];
  /** Organisations that are named. */
  readonly organisations: readonly string[];
  readonly techniques: readonly string[];
  /** Names of indicators by what they are written in; those of values say the value. */
  readonly indicators: readonly string[];
  readonly rules: readonly string[];
  /** Objects that this version takes back. */
  readonly revoked: number;
}

type Fields = Readonly<Record<string, unknown>>;
/** Of whom extensions are: no organisation that has to do with the incident. */
const MAKER = 'Hải Đăng';

/** Reads the frozen bytes; what is not there is empty. @throws SyntaxError */
export function bundleFacts(body: string): BundleFacts {
  const { objects } = JSON.parse(body) as { readonly objects: readonly Fields[] };
  const here = objects.filter((one) => one['revoked'] !== true);
  const of = (type: string) => here.filter((one) => one['type'] === type);
  const incident = objects.find((one) => one['type'] === 'incident');
  const own = Object.values(fields(incident?.['extensions']))
    .map(fields)
    .find((one) => 'severity' in one);
  const indicators = of('indicator');
  const isRule = (one: Fields) => one['pattern_type'] === 'sigma';
  return {
    title: text(incident?.['name']),
    mark: text(of('marking-definition')[0]?.['name']) || undefined,
    severity: text(own?.['severity']) || undefined,
    rsit: text(own?.['rsit']) || undefined,
    detectedAt: text(own?.['detected']) || undefined,
    systems: list(own?.['systems'])
      .map(fields)
      .map(({ name, level }) => ({ name: text(name), level: Number(level) })),
    notes: of('note').map((one) => ({ id: text(one['id']), kind: text(one['abstract']), text: text(one['content']) })),
    organisations: of('identity')
      .map((one) => text(one['name']))
      .filter((name) => name !== MAKER),
    techniques: of('attack-pattern').map((one) => text(one['name'])),
    indicators: indicators.filter((one) => !isRule(one)).map((one) => text(one['name'])),
    rules: indicators.filter(isRule).map((one) => text(one['name'])),
    revoked: objects.length - here.length,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
