import type { z } from 'zod';

/** Every mistake of a configuration at once, each by the name of its variable. No value is repeated: it may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad_config';
  readonly retryable = false;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Settings that are wrong or missing:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Parses environment variables by a schema whose keys are their names. A variable set to nothing, as `.env` files do, is not set.
 * @throws ConfigError
 */
export function readSettings<T extends z.ZodType>(schema: T, environment: NodeJS.ProcessEnv): z.output<T> {
  return readParts({ all: schema }, environment).all;
}

/** What the parts of a configuration are parsed to; a part without a schema stays undefined. */
type PartsOf<Schemas> = {
  [Name in keyof Schemas]: z.output<Extract<Schemas[Name], z.ZodType>> | Extract<Schemas[Name], undefined>;
};

/**
 * Parses the environment of a program whose configuration has parts, as `readSettings` does, and reports the mistakes of
 * all parts in one error.
 * @param schemas by the name of each part; a part that does not apply this time is undefined.
 * @param known mistakes that were found before; they come first in the error.
 * @throws ConfigError
 */
export function readParts<const Schemas extends Readonly<Record<string, z.ZodType | undefined>>>(
  schemas: Schemas,
  environment: NodeJS.ProcessEnv,
  known: readonly string[] = [],
): PartsOf<Schemas> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  // Two parts may read one variable, and then find the same mistake.
  const problems = new Set(known);
  const parts = Object.entries(schemas).map(([name, schema]) => {
    const parsed = schema?.safeParse(given);
    for (const { path, message } of parsed?.error?.issues ?? []) problems.add(`${path.join('.')} ${message}`);
    return [name, parsed?.data];
  });
  if (problems.size > 0) throw new ConfigError([...problems]);
  return Object.fromEntries(parts) as PartsOf<Schemas>;
}
