/**
 * The one condition tree: Sigma detections and KQL queries both parse to it, and translators turn it into an in-memory
 * matcher, a plan over the embedded store's columns, or OpenSearch DSL. Strings compare without regard to case unless `cased` says otherwise.
 */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'always' | 'never' }
  | FieldCondition
  /** Words anywhere in `message` or `event.original` (KQL free text), or in any field at all (Sigma keywords). */
  | { readonly kind: 'text'; readonly scope: 'message' | 'any-field'; readonly test: StringTest };

/** A test on one field; on a list it holds where any element passes. */
export interface FieldCondition {
  readonly kind: 'field';
  /** Dotted name; `*` inside it stands for any characters (KQL). */
  readonly field: string;
  readonly test: FieldTest;
}

export type FieldTest =
  | StringTest
  | { readonly kind: 'number'; readonly compare: 'eq' | 'lt' | 'lte' | 'gt' | 'gte'; readonly value: number }
  /** Ordered comparison of times or strings (KQL ranges on `@timestamp`). */
  | { readonly kind: 'range'; readonly compare: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly value: boolean }
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | {
      readonly kind: 'same-as';
      readonly field: string;
      readonly part: 'whole' | 'starts' | 'ends' | 'contains';
      readonly cased: boolean;
    }
  | {
      readonly kind: 'time-part';
      readonly part: 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';
      readonly value: number;
    };

export type StringTest =
  /** `value` is literal. `word`: whole words of the field's text, as a full-text index sees them. */
  | {
      readonly kind: 'string';
      readonly match: 'equals' | 'starts' | 'ends' | 'contains' | 'word';
      readonly value: string;
      readonly cased: boolean;
    }
  /** Literal pieces with `*` (any characters) or `?` (exactly one) between them. */
  | {
      readonly kind: 'wildcard';
      readonly pieces: readonly (string | { readonly any: 'one' | 'many' })[];
      readonly cased: boolean;
    };
