import { PARSER_NAMES } from '../parsers/index.ts';
import { type CustomParser, compileParser } from './compile.ts';
import { type ParserDocument, readParser } from './document.ts';
import { PARSER_ERRORS, type ParserProblem } from './problems.ts';
import { runSamples } from './samples.ts';

/** What a look at a parser document found. */
export interface CheckedParser {
  /** As the document has it; empty where it has none. */
  readonly name: string;
  readonly problems: readonly ParserProblem[];
  /** Undefined where there are problems other than failing samples. */
  readonly parser: CustomParser | undefined;
  readonly document: ParserDocument | undefined;
  /** How many samples there are. */
  readonly samples: number;
  /** What its author should know, though it is no fault. */
  readonly remarks: readonly ParserProblem[];
}

/** Reads and compiles a parser document; its samples are run by `checkParser`. */
export function loadParser(text: string): CheckedParser {
  const { document, name, problems } = readParser(text, PARSER_NAMES);
  if (!document) return { name, problems, parser: undefined, document, samples: 0, remarks: [] };
  const parser = compileParser(document);
  return { name, problems, parser, document, samples: document.samples.length, remarks: remarksOn(document) };
}

/** Reads, compiles and tries a parser document; each sample that does not hold is a problem too. */
export function checkParser(text: string): CheckedParser {
  const loaded = loadParser(text);
  if (!loaded.parser || !loaded.document) return loaded;
  const failures = runSamples(loaded.document, loaded.parser).map(
    ({ sample, line, message }): ParserProblem => ({
      code: 'HD_PARSER_SAMPLE',
      line,
      column: 1,
      message: `Sample ${sample}: ${message} ${PARSER_ERRORS.HD_PARSER_SAMPLE}`,
    }),
  );
  return { ...loaded, problems: [...loaded.problems, ...failures] };
}

/** Below this length of text a pattern is as quick as others whatever the text is. */
const USUAL_LINE = 2_000;

function remarksOn({ steps }: ParserDocument): readonly ParserProblem[] {
  return steps.flatMap(({ form, line }): ParserProblem[] =>
    form.quickUpTo !== undefined && form.quickUpTo < USUAL_LINE
      ? [
          {
            code: 'HD_PARSER_PATTERN',
            line,
            column: 1,
            message: `Texts longer than ${form.quickUpTo} characters take the slow way here, as a part of the pattern and what follows it can both match the same characters. Write NOTSPACE or [^,]* instead of DATA, or use dissect.`,
          },
        ]
      : [],
  );
}
