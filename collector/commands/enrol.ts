import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { unitIsInstalled } from '../doctor/service.ts';
import { EnrolError, enrol } from '../enrol/enrol.ts';
import { ENROL_TEXT, ENROLLED_TEXT, NEXT_TEXT } from '../text/enrolment.ts';
import { languageOf } from '../text/language.ts';
import { asTyped } from '../text/program.ts';
import { programVersion } from '../version.ts';

const USAGE = `Usage: haidang collector enrol --server https://HOST:8443 --token TOKEN [--folder DIR] [--proxy URL] [--proxy-ca FILE] [--name NAME] [--lang vi|en|km]

Makes a key on this machine, gets a certificate for it, and writes collector.yaml, ca.crt and identity.pem into DIR
(default: HAIDANG_COLLECTOR, else ./collector). The server is known by the fingerprint inside the token, before anything is
sent to it. HOST:8443 may be several with commas between. --token - reads the token from standard input, so that it is in no list of processes.`;

/** Folder of a collector's configuration where nothing says otherwise. */
export function collectorFolder(asked: string | undefined): string {
  return resolve(asked ?? process.env['HAIDANG_COLLECTOR'] ?? 'collector');
}

/** `haidang collector enrol`: 0 when enrolled, 1 where it failed, 2 on bad usage. */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  let given: Record<'server' | 'token' | 'folder' | 'proxy' | 'proxy-ca' | 'name' | 'lang', string | undefined> & {
    help?: boolean | undefined;
  };
  try {
    const help = { type: 'boolean', short: 'h' } as const;
    const options = {
      server: text,
      token: text,
      folder: text,
      proxy: text,
      'proxy-ca': text,
      name: text,
      lang: text,
      help,
    };
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values as typeof given;
  } catch (error) {
    console.error(asTyped(`haidang collector enrol: ${(error as Error).message}`));
    return 2;
  }
  if (given.help) {
    console.log(asTyped(USAGE));
    return 0;
  }
  if (given.server === undefined || given.token === undefined) {
    console.error(asTyped('haidang collector enrol: give --server and --token; --help tells more.'));
    return 2;
  }
  const proxy = given.proxy ?? process.env['HTTPS_PROXY'] ?? process.env['https_proxy'];
  const enrolled = await enrolHere({
    server: given.server,
    token: given.token === '-' ? await readLine() : given.token,
    folder: collectorFolder(given.folder),
    proxy,
    proxyCa: given['proxy-ca'],
    name: given.name,
    lang: given.lang,
  });
  return enrolled === undefined ? 1 : 0;
}

/** What is to be typed now. A service that runs already goes on under its old id until it is started again. */
function nextCommand(config: string): string {
  return unitIsInstalled()
    ? 'systemctl enable haidang-collector && systemctl restart haidang-collector'
    : asTyped(`haidang collector --config ${config}`);
}

/** Enrols and says how it went, in the language of the reader; gives the configuration's path, undefined where it failed. */
export async function enrolHere(asked: {
  readonly server: string;
  readonly token: string;
  readonly folder: string;
  readonly proxy: string | undefined;
  /** PEM file of who signed the certificate of an `https://` proxy. */
  readonly proxyCa?: string | undefined;
  readonly name: string | undefined;
  readonly lang: string | undefined;
}): Promise<string | undefined> {
  const language = languageOf(asked.lang);
  try {
    const { server, token, folder, name } = asked;
    if (asked.proxy && !URL.canParse(asked.proxy)) throw new EnrolError('proxy', asked.proxy.slice(0, 200));
    const enrolled = await enrol({
      server,
      token,
      folder,
      version: programVersion(),
      ...(asked.proxy ? { proxy: new URL(asked.proxy) } : {}),
      ...(asked.proxyCa === undefined ? {} : { proxyCa: resolve(asked.proxyCa) }),
      ...(name === undefined ? {} : { name }),
    });
    console.log(ENROLLED_TEXT[language](enrolled.collector, enrolled.agency, enrolled.notAfter));
    console.log(`${NEXT_TEXT[language]}\n  ${nextCommand(enrolled.config)}`);
    return enrolled.config;
  } catch (error) {
    if (!(error instanceof EnrolError)) throw error;
    console.error(ENROL_TEXT[language][error.problem]);
    console.error(`(${error.problem}: ${error.message})`);
    return undefined;
  }
}

async function readLine(): Promise<string> {
  let text = '';
  for await (const piece of process.stdin) {
    text += String(piece);
    if (text.includes('\n') || text.length > 4_096) break;
  }
  return text.split('\n', 1)[0] ?? '';
}
