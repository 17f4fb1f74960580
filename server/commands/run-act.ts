import type { ParseArgsOptionsConfig } from 'node:util';
import { loadConfig } from '../config.ts';
import { readArguments, type ValuesOf } from './arguments.ts';
import { type Connection, connect } from './connection.ts';

/** What a command does once it is connected; gives the exit code. */
export type Act = (connection: Connection) => Promise<number>;

/** A command of several acts upon the API. */
export interface ActCommand<Options extends ParseArgsOptionsConfig> {
  readonly help: string;
  readonly options: Options;
  /** The act that the arguments name; bad usage is refused here, before anything is connected. */
  readonly readAct: (positionals: readonly string[], values: ValuesOf<Options>) => Act;
}

/** Prints the help, or does what the arguments name; gives the exit code. */
export async function runAct<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  { help, options, readAct }: ActCommand<Options>,
): Promise<number> {
  const { values, positionals } = readArguments(args, options);
  const common: { readonly help?: boolean; readonly config?: string } = values;
  if (common.help) {
    console.log(help);
    return 0;
  }
  return overConnection(common.config, readAct(positionals, values));
}

/** Connects to the server of that configuration, does it, and closes the connection. */
export async function overConnection<T>(
  config: string | undefined,
  act: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(await loadConfig(config));
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}
