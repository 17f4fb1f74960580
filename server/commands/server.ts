import { readArguments } from './arguments.ts';
import { checkRole, serve } from './serve.ts';

const HELP = `Usage: haidang server [--config FILE] [--role province]

Runs the server: console and API on 127.0.0.1:8080 (HAIDANG_PORT), collectors on 8443 (HAIDANG_INGEST_PORT, mutual TLS),
store in ./data (HAIDANG_DATA). docs/configuration.md lists every setting. SIGINT and SIGTERM stop it cleanly.`;

/** `haidang server` */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, { config: { type: 'string' }, role: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  checkRole(values.role);
  return serve(values.config);
}
