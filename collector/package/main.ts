import { run as runCollector } from '../commands/collector.ts';
import { run as runParse } from '../commands/parse.ts';
import { callProgram } from '../text/program.ts';
import { programVersion } from '../version.ts';

const USAGE = `Usage: haidang-collector [enrol | doctor | parse | --config FILE | --version] …

The collector as a program of its own: what "haidang collector" and "haidang parse" do. --help after each tells more.`;

/** The packaged program: the collector's commands alone. */
async function main(args: readonly string[]): Promise<number> {
  process.env['HAIDANG_COLLECTOR'] ??= '/var/lib/haidang-collector';
  callProgram('haidang-collector');
  const [first, ...rest] = args[0] === 'collector' ? args.slice(1) : args;
  if (first === '--version') {
    console.log(programVersion());
    return 0;
  }
  if (first === '--help' || first === '-h') {
    console.log(USAGE);
    return 0;
  }
  if (first === 'parse') return runParse(rest);
  return runCollector(first === undefined ? [] : [first, ...rest]);
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`haidang-collector: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
