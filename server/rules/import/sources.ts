import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FILE_LIMITS } from '../../../rules/sigma/parse.ts';
import { PLACEHOLDER_FILE } from '../../../rules/sigma/placeholders.ts';
import { readZipDirectory, readZipEntry, ZipError, type ZipLimits } from './zip.ts';

/** One file of rules; `problem` where it is not read. */
export type RuleSource =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly problem: string };

/** Files of rules that are read one after the other, and how many there are. */
export interface RuleSources {
  readonly files: number;
  /** Lists for `expand` that lie beside the rules. */
  read(): AsyncIterable<RuleSource>;
}

/** Why nothing of what was named can be read. */
export class ImportError extends Error {}

/** What one import may hold. */
export const IMPORT_LIMITS: ZipLimits = {
  entries: 50_000,
  fileBytes: FILE_LIMITS.characters,
  totalBytes: 256 * 1024 * 1024,
  ratio: 200,
};

const RULE_FILE = /\.ya?ml$/i;

/** Opens a folder, a checkout of git, a zip archive or one file of rules; `name` tells of which kind a file is. @throws ImportError */
export async function openSources(
  path: string,
  name: string = path,
  limits: ZipLimits = IMPORT_LIMITS,
): Promise<RuleSources> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new ImportError(
      `${path} cannot be read (${error.code ?? error.message}); check the path and its permissions.`,
    );
  });
  if (found.isDirectory()) return folderSources(path, limits);
  if (!found.isFile()) throw new ImportError(`${path} is neither a folder nor a file.`);
  return RULE_FILE.test(name) ? fileSource(path, basename(name), found.size, limits) : zipSources(path, limits);
}

/** Whether a path inside an import is a file of rules: hidden folders (`.git`, `.github`) hold none. */
function isRuleFile(path: string): boolean {
  return (
    RULE_FILE.test(path) &&
    !PLACEHOLDER_FILE.test(basename(path)) &&
    !path.split('/').some((part) => part.startsWith('.'))
  );
}

async function fileSource(path: string, name: string, size: number, limits: ZipLimits): Promise<RuleSources> {
  return {
    files: 1,
    async *read() {
      yield size > limits.fileBytes ? tooLong(name, limits) : { name, text: await readFile(path, 'utf8') };
    },
  };
}

async function folderSources(folder: string, limits: ZipLimits): Promise<RuleSources> {
  // Links are not followed: they may lead anywhere.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(isRuleFile)
    .sort();
  if (names.length > limits.entries)
    throw new ImportError(`${folder} holds ${names.length} files of rules, more than ${limits.entries}.`);
  return {
    files: names.length,
    async *read() {
      let total = 0;
      for (const name of names) {
        try {
          const { size } = await stat(join(folder, name));
          total += size;
          if (total > limits.totalBytes) throw new ImportError(`${folder} holds more than ${limits.totalBytes} bytes.`);
          yield size > limits.fileBytes
            ? tooLong(name, limits)
            : { name, text: await readFile(join(folder, name), 'utf8') };
        } catch (error) {
          if (error instanceof ImportError) throw error;
          yield { name, problem: `The file cannot be read (${(error as Error).message}); check its permissions.` };
        }
      }
    },
  };
}

async function zipSources(path: string, limits: ZipLimits): Promise<RuleSources> {
  const file = await open(path, 'r');
  try {
    const directory = await readZipDirectory(file, limits);
    const entries = directory.filter(({ name }) => isRuleFile(name));
    return {
      files: entries.length,
      async *read() {
        try {
          let total = 0;
          for (const entry of entries) {
            const { name } = entry;
            try {
              const content = await readZipEntry(file, entry, limits);
              total += content.length;
              if (total > limits.totalBytes)
                throw new ImportError(`The archive unpacks to more than ${limits.totalBytes} bytes.`);
              yield { name, text: content.toString('utf8') };
            } catch (error) {
              if (!(error instanceof ZipError)) throw error;
              yield { name, problem: error.message };
            }
          }
        } finally {
          await file.close();
        }
      },
    };
  } catch (error) {
    await file.close();
    if (error instanceof ZipError) throw new ImportError(error.message);
    throw error;
  }
}

function tooLong(name: string, limits: ZipLimits): RuleSource {
  return { name, problem: `The file is longer than ${limits.fileBytes} bytes.` };
}
