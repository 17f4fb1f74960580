import { UsageError } from './arguments.ts';

const MAX_BYTES = 1024;

/** A password typed at the terminal without echo, or the first line of standard input where that is no terminal. */
export async function readPassword(prompt: string): Promise<string> {
  const [password = ''] = await readPasswords([prompt]);
  return password;
}

/** Several passwords, one after the other; as many lines of standard input where that is no terminal. */
export async function readPasswords(prompts: readonly string[]): Promise<string[]> {
  if (!process.stdin.isTTY) return firstLines(prompts.length);
  const passwords: string[] = [];
  for (const prompt of prompts) passwords.push(await typed(prompt));
  return passwords;
}

async function firstLines(count: number): Promise<string[]> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) {
    text += piece;
    if (text.split('\n').length > count || text.length > MAX_BYTES * count) break;
  }
  const lines = text.split('\n').slice(0, count);
  const passwords = lines.map((line) => line.replace(/\r$/, ''));
  if (passwords.length === count && passwords.every((password) => password !== '')) return passwords;
  const wanted = count === 1 ? 'give it as the first line' : `give ${count} lines, the current one first`;
  throw new UsageError(`no password came on standard input; ${wanted}.`);
}

/** Ctrl-C and Ctrl-D end, Backspace takes one character back. */
function typed(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  return new Promise((done, failed) => {
    let text = '';
    const end = (act: () => void) => {
      stdin.off('data', read);
      stdin.setRawMode(false);
      stdin.pause();
      process.stderr.write('\n');
      act();
    };
    const read = (piece: string) => {
      for (const key of piece) {
        if (key === '\r' || key === '\n') return end(() => done(text));
        if (key === '\u0003' || key === '\u0004') return end(() => failed(new UsageError('no password was given.')));
        if (key === '\u007f' || key === '\b') text = [...text].slice(0, -1).join('');
        else if (text.length < MAX_BYTES) text += key;
      }
    };
    stdin.on('data', read);
  });
}
