import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** A stretch of this server's numbering that a rule has not evaluated. */
export interface RuleGap {
  /** First and last number, both inclusive. */
  readonly from: number;
  readonly to: number;
  /** When it was noticed, ISO 8601. */
  readonly at: string;
  /** `filling`: somebody asked for it. */
  readonly state: 'open' | 'filling' | 'filled';
}

/** Since when a rule evaluates events, and what it missed. */
export interface RuleSpan {
  readonly version: string;
  /** This version evaluates all that is numbered above. */
  readonly since: number;
  readonly at: string;
  /** The rule is not loaded; it evaluated all up to here. */
  readonly until?: number;
  readonly gaps: readonly RuleGap[];
}

/** What each rule evaluated, kept in the record store, so that a rule enabled later can list what it missed. */
export interface RuleSpans {
  all(): ReadonlyMap<string, RuleSpan>;
  /** From now on these rules, by id and version, evaluate what is numbered above `cursor`. Durable once it resolves. */
  begin(versions: ReadonlyMap<string, string>, cursor: number): Promise<void>;
  /** Sets the state of one gap, where it is still there. */
  mark(rule: string, gap: Pick<RuleGap, 'from' | 'to'>, state: RuleGap['state']): Promise<void>;
}

interface Kept {
  readonly rules: Readonly<Record<string, RuleSpan>>;
}

/** Gaps kept of a rule; older ones than that become one. */
const MAX_GAPS = 20;
const MAX_RULES = 50_000;

/** Opens the spans of one server's numbering; `name` tells servers that share a store apart. */
export async function openRuleSpans(
  records: RecordStore,
  name = 'rules.spans',
  now: () => number = Date.now,
): Promise<RuleSpans> {
  const view = records.as(SYSTEM);
  const found = await view.get('setting', name);
  let version = found?.version ?? 0;
  let spans = new Map(Object.entries((found?.document.value as Kept | undefined)?.rules ?? {}));
  /** Changes one after the other: each is built on the one before. */
  let last: Promise<unknown> = Promise.resolve();

  const write = async (next: ReadonlyMap<string, RuleSpan>): Promise<void> => {
    const document = { value: { rules: Object.fromEntries(next) } satisfies Kept };
    const written =
      version === 0
        ? await view.create('setting', name, document)
        : await view.replace('setting', name, document, version);
    version = written.version;
    spans = new Map(next);
  };
  const change = (make: () => Map<string, RuleSpan> | undefined): Promise<void> => {
    const done = last.then(async () => {
      const next = make();
      if (next) await write(next);
    });
    last = done.catch(() => undefined);
    return done;
  };

  return {
    all: () => spans,
    begin: (versions, cursor) =>
      change(() => {
        const at = new Date(now()).toISOString();
        const next = new Map(spans);
        let changed = version === 0;
        for (const [id, span] of spans) {
          if (versions.has(id) || span.until !== undefined) continue;
          next.set(id, { ...span, until: cursor });
          changed = true;
        }
        for (const [id, wording] of versions) {
          const span = begun(spans.get(id), wording, cursor, at, version === 0);
          if (span === spans.get(id)) continue;
          next.set(id, span);
          changed = true;
        }
        if (next.size > MAX_RULES)
          throw new HaidangError('HD_TOO_LARGE', `More than ${MAX_RULES} rules have been loaded here; keep fewer.`);
        return changed ? next : undefined;
      }),
    mark: (rule, { from, to }, state) =>
      change(() => {
        const span = spans.get(rule);
        if (!span?.gaps.some((gap) => gap.from === from && gap.to === to && gap.state !== state)) return undefined;
        const gaps = span.gaps.map((gap) => (gap.from === from && gap.to === to ? { ...gap, state } : gap));
        return new Map(spans).set(rule, { ...span, gaps });
      }),
  };
}

/** A rule's span from now on. In a store that never kept any, what is loaded is taken to have evaluated all. */
function begun(span: RuleSpan | undefined, version: string, cursor: number, at: string, first: boolean): RuleSpan {
  if (!span) {
    const gaps: RuleGap[] = first || cursor === 0 ? [] : [{ from: 1, to: cursor, at, state: 'open' }];
    return { version, since: first ? 0 : cursor, at, gaps };
  }
  const { until, ...rest } = span;
  if (until === undefined && span.version === version) return span;
  const missed = until !== undefined && until < cursor;
  const gaps: readonly RuleGap[] = missed
    ? [...span.gaps, { from: until + 1, to: cursor, at, state: 'open' }]
    : span.gaps;
  const same = until !== undefined && !missed && span.version === version;
  return { ...rest, version, gaps: bounded(gaps), ...(same ? {} : { since: cursor, at }) };
}

function bounded(gaps: readonly RuleGap[]): readonly RuleGap[] {
  if (gaps.length <= MAX_GAPS) return gaps;
  const filled = gaps.findIndex(({ state }) => state === 'filled');
  // What is filled tells least; else the oldest are no longer offered.
  return bounded(gaps.toSpliced(Math.max(0, filled), 1));
}
