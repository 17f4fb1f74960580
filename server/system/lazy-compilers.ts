import { createRequire } from 'node:module';
import type { FastifyServerOptions } from 'fastify';

type Factories = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type AnyFunction = (...args: unknown[]) => unknown;

/** What Fastify itself uses, found where Fastify finds it. */
const ofFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));

/**
 * Fastify's own compilers, run when a schema is first used instead of at the start: a start compiles what it needs, not
 * the sixty schemas of all routes. A test walks every route, so that a schema that does not compile is found there.
 */
export function lazyCompilers(): Factories {
  return {
    buildValidator: lazily('@fastify/ajv-compiler') as NonNullable<Factories['buildValidator']>,
    buildSerializer: lazily('@fastify/fast-json-stringify-compiler') as NonNullable<Factories['buildSerializer']>,
  };
}

/** A compiled schema: a function, and for validators the errors of its last call beside it. */
type Compiled = AnyFunction & { errors?: unknown };

function lazily(module: string): AnyFunction {
  let factory: AnyFunction | undefined;
  return (...environment) => {
    let compile: AnyFunction | undefined;
    return (definition: unknown) => {
      let compiled: Compiled | undefined;
      const use: Compiled = (...values) => {
        factory ??= (ofFastify(module) as () => AnyFunction)();
        compile ??= factory(...environment) as AnyFunction;
        compiled ??= compile(definition) as Compiled;
        const answer = compiled(...values);
        use.errors = compiled.errors;
        return answer;
      };
      return use;
    };
  };
}
