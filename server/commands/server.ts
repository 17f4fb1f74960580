import { readArguments } from './arguments.ts';
import { readRole, serve } from './serve.ts';

const HELP = `Usage: haidang server [--config FILE] [--role province|national]

Runs the server: console and API on 127.0.0.1:8080 (HAIDANG_PORT), collectors on 8443 (HAIDANG_INGEST_PORT, mutual TLS),
store in ./data (HAIDANG_DATA). docs/configuration.md lists every setting.
In the role "national" it also is the TAXII 2.1 server to which provinces report, on the console's port. SIGINT and SIGTERM stop it cleanly.`;

/** `haidang server` */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, { config: { type: 'string' }, role: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  return serve(values.config, undefined, readRole(values.role));
}
