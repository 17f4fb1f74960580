import { readField } from '../../ecs/event.ts';
import { LineScanner } from '../../ecs/line-scanner.ts';
import { LineKernel } from '../../ecs/scan/line-kernel.ts';
import type { Condition } from '../query/condition.ts';
import { numberOf } from '../query/field-test.ts';
import type { DetectionRule } from '../rule.ts';
import { AtomTable } from './atoms.ts';
import { type Check, checkOf, prepare, questionsOf } from './compile-condition.ts';
import type { FieldMode, LineEngine, RuleEngine } from './engine.ts';
import { EventContext, FieldSlots, LAST_TURN, partedName } from './event-context.ts';
import { ecsFieldName, renameFields } from './field-names.ts';
import { logSourceCondition } from './log-sources.ts';
import { type CompiledRule, RuleGroup } from './rule-group.ts';
import { SourceTree } from './source-tree.ts';
import type { Encoding } from './text-bytes.ts';
import { necessaryAtoms, necessaryNumbers } from './witness.ts';

/** Combinations of log sources that are remembered; what tells them comes from outside. */
const REMEMBERED_GROUPS = 1_024;
/** Bytes of tables past which all are forgotten, and made again when they are asked. */
const MOST_TABLES = 512 * 1024 * 1024;
const NONE: readonly DetectionRule[] = [];

/** A rule's condition with the names of the events' fields. */
export function ruleCondition(rule: DetectionRule, mode: FieldMode): Condition {
  if (mode === 'raw') return rule.condition;
  return renameFields(rule.condition, (field) => ecsFieldName(field, rule.logsource));
}

interface PreparedRule extends CompiledRule {
  /** Event ids of which the event must have one. */
  readonly numbers: ReadonlySet<number> | undefined;
}

interface Source {
  readonly applies: Check;
  readonly rules: PreparedRule[];
}

/** The rules of one combination of log sources, by event id. */
class Route {
  readonly #rules: readonly PreparedRule[];
  readonly #numbers: ReadonlySet<number>;
  readonly #numberSlot: number;
  readonly #names: readonly string[];
  readonly #kernel: LineKernel;
  readonly #groups = { plain: new Map<number | null, RuleGroup>(), json: new Map<number | null, RuleGroup>() };

  constructor(kernel: LineKernel, rules: readonly PreparedRule[], numberSlot: number, names: readonly string[]) {
    this.#kernel = kernel;
    this.#rules = rules;
    this.#numberSlot = numberSlot;
    this.#names = names;
    this.#numbers = new Set(rules.flatMap((rule) => [...(rule.numbers ?? [])]));
  }

  group(context: EventContext, encoding: Encoding): RuleGroup {
    let number: number | null = null;
    if (this.#numbers.size > 0) {
      const value = context.value(this.#numberSlot);
      // A list of event ids is not one: all rules then stay candidates.
      if (Array.isArray(value)) return this.#build(Number.NaN, encoding, context, () => true);
      const found = numberOf(value);
      number = found !== undefined && this.#numbers.has(found) ? found : null;
    }
    return this.#build(
      number,
      encoding,
      context,
      ({ numbers }) => !numbers || (number !== null && numbers.has(number)),
    );
  }

  #build(
    key: number | null,
    encoding: Encoding,
    { yesPlace }: EventContext,
    belongs: (rule: PreparedRule) => boolean,
  ): RuleGroup {
    const groups = this.#groups[encoding];
    const known = groups.get(key);
    if (known) return known;
    const group = new RuleGroup(this.#kernel, this.#rules.filter(belongs), this.#names, encoding, yesPlace);
    groups.set(key, group);
    return group;
  }
}

class CompiledEngine implements RuleEngine {
  readonly rules: readonly DetectionRule[];
  readonly #slots = new FieldSlots();
  readonly #kernel = new LineKernel();
  readonly #context: EventContext;
  readonly #sources: readonly Source[];
  readonly #numberSlot: number;
  readonly #mode: FieldMode;
  readonly #routes = new Map<string, Route>();
  readonly #bySource: SourceTree<Route>;

  constructor(rules: readonly DetectionRule[], mode: FieldMode) {
    this.rules = rules;
    this.#mode = mode;
    const numberField = mode === 'raw' ? 'EventID' : 'event.code';
    const atoms = new AtomTable();
    const sources = new Map<string, Source>();
    const conditions: Condition[] = [];
    for (const [order, rule] of rules.entries()) {
      const { product = '', service = '', category = '' } = rule.logsource;
      const key = [product, service, category].join('\0');
      let source = sources.get(key);
      if (!source) {
        const condition = logSourceCondition(rule.logsource, mode);
        conditions.push(condition);
        source = { applies: checkOf(prepare(condition, { slots: this.#slots, atoms: undefined })), rules: [] };
        sources.set(key, source);
      }
      const condition = ruleCondition(rule, mode);
      const part = prepare(condition, { slots: this.#slots, atoms });
      source.rules.push({
        order,
        check: checkOf(part),
        questions: questionsOf(part),
        witnesses: necessaryAtoms(part)?.atoms,
        numbers: necessaryNumbers(condition, numberField),
      });
    }
    this.#sources = [...sources.values()];
    this.#bySource = new SourceTree(conditions, this.#slots);
    this.#numberSlot = this.#slots.slot(numberField);
    this.#context = new EventContext(this.#slots, atoms.size, mode, this.#kernel);
  }

  evaluate(event: object): readonly DetectionRule[] {
    this.#begin();
    this.#context.take(event);
    return this.#matching();
  }

  lines(open: (line: string) => object, also: readonly string[] = []): LineEngine {
    // The slots first, so that their numbers are the scanner's.
    const fields = [...new Set([...this.#slots.names, ...also])];
    const places = also.map((field) => fields.indexOf(field));
    const scanner = new LineScanner(fields, (name) => partedName(name, this.#mode), this.#kernel);
    const context = this.#context;
    return {
      value: (at) => (context.line ? context.line.value(places[at] ?? -1) : readField(context.event, also[at] ?? '')),
      fix: (field, value) => scanner.fix(field, value),
      evaluate: (text, start, end) => {
        this.#begin();
        const parse = () => open(text.bytes.toString('utf8', start, end));
        if (!scanner.scan(text, start, end)) return this.evaluate(parse());
        context.takeLine(scanner, parse);
        return this.#matching();
      },
    };
  }

  /** Before an event: forgets all tables where there are too many, or the numbers of events are used up. */
  #begin(): void {
    const tooMany = this.#routes.size >= REMEMBERED_GROUPS || this.#kernel.used > MOST_TABLES;
    if (!tooMany && this.#context.turn < LAST_TURN) return;
    this.#routes.clear();
    this.#bySource.clear();
    this.#kernel.release();
    this.#context.restart();
  }

  #matching(): readonly DetectionRule[] {
    const context = this.#context;
    const matches: number[] = [];
    const { line } = context;
    this.#route(context)
      .group(context, line ? 'json' : 'plain')
      .evaluate(context, line, matches);
    if (matches.length === 0) return NONE;
    if (matches.length > 1) matches.sort((left, right) => left - right);
    return matches.map((order) => this.rules[order] as DetectionRule);
  }

  #route(context: EventContext): Route {
    const node = this.#bySource.at(context);
    node.leaf ??= this.#newRoute(context);
    return node.leaf;
  }

  #newRoute(context: EventContext): Route {
    return this.#routeFor(this.#sources.map((source) => source.applies(context)));
  }

  #routeFor(applies: readonly boolean[]): Route {
    const key = applies.map((applied) => (applied ? '1' : '0')).join('');
    const known = this.#routes.get(key);
    if (known) return known;
    const rules = this.#sources.flatMap((source, index) => (applies[index] ? source.rules : []));
    const route = new Route(this.#kernel, rules, this.#numberSlot, this.#slots.names);
    this.#routes.set(key, route);
    return route;
  }
}

/** Compiles detection rules into one matcher for events in `mode`. Rules come from `parseRules`, so that all in them is supported. */
export function compileRules(rules: readonly DetectionRule[], mode: FieldMode): RuleEngine {
  return new CompiledEngine(rules, mode);
}
