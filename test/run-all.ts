import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closingLine, type FileOutcome, type Outcome } from './closing-line.ts';

// All tests once. On CI, at most three files that failed beside all the others run once more alone: two cores that run
// hundreds of processes starve one now and then. What fails alone has failed; what passes then is named as unsteady.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const MOST_AGAIN = 3;

const folder = mkdtempSync(join(tmpdir(), 'haidang-tests-'));
const failedIn = (outcome: Outcome) => Object.keys(outcome.files).filter((file) => outcome.files[file]?.failed !== 0);

/** One run of the test runner over `files`, all of them where none is named. */
function run(name: string, files: readonly string[]): { code: number; outcome: Outcome | undefined } {
  const path = join(folder, name);
  const child = spawnSync(process.execPath, [VITEST, 'run', ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, HAIDANG_TEST_OUTCOME: path },
  });
  const outcome = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Outcome) : undefined;
  return { code: child.status ?? 1, outcome };
}

const first = run('first.json', process.argv.slice(2));
let { code, outcome } = first;
const failed = outcome ? failedIn(outcome) : [];
if (code !== 0 && outcome?.found === 0 && process.env['CI'] && failed.length > 0 && failed.length <= MOST_AGAIN) {
  const names = failed.map((file) => relative(ROOT, file));
  console.log(`again, alone: ${names.join(' ')}`);
  const again = run('again.json', names);
  if (again.outcome) {
    const files: Record<string, FileOutcome> = { ...outcome.files, ...again.outcome.files };
    outcome = { files, found: again.outcome.found };
    code = again.code;
    const unsteady = names.filter((_, at) => again.outcome?.files[failed[at] ?? '']?.failed === 0);
    if (unsteady.length > 0) console.log(`unsteady, passed when alone: ${unsteady.join(' ')}`);
  }
}
rmSync(folder, { recursive: true, force: true });
if (outcome) console.log(closingLine(outcome));
process.exitCode = code;
