/** A value that a step found under a name. */
export type Found = string | number | boolean | readonly (string | number | boolean)[] | undefined;

/** Reads a text into the places of its names; gives nothing where it fits, else why it does not. */
export type ReadStep = (text: string, found: Found[]) => string | undefined;

/** A step as its document says it, before names have places. */
export interface StepForm {
  /** Names that it gives; with `open` any others too, which the document must ask for. */
  readonly names: readonly string[];
  readonly open: boolean;
  /** `placeOf` gives a name's place; `asked` are all names that the document uses and no other step gives. */
  bind(placeOf: (name: string) => number, asked: readonly string[]): ReadStep;
  /** Up to which length of text it is quick at worst; undefined where it always is. */
  readonly quickUpTo?: number;
  /** For the author: where a text begins not to fit, counted from 1, and which part it is that does not. */
  explain?(text: string): { readonly column: number; readonly part: string } | undefined;
}

/** Bounds of what a step takes and gives. */
export const STEP_LIMITS = { pairs: 400, columns: 200, delimiters: 100, name: 64 } as const;
