import { parseArgs, type ParseArgsConfig } from 'node:util';
import { SWITCH_NAMES } from '@omnicloud/infra';
import { type GivenSwitches, useProfile } from '../config.ts';
import { DEFAULT_STACK, STACK_NAME } from '../aws/deployment.ts';
import { OperateError } from '../operate-error.ts';

export interface Arguments {
  /** The deployment that is meant. */
  readonly stack: string;
  /** Whether one was named. */
  readonly isStackNamed: boolean;
  readonly switches: GivenSwitches;
  /** Which of the command's own flags are set. */
  readonly flags: ReadonlySet<string>;
  /** Values of the command's own options. */
  readonly options: Readonly<Record<string, string>>;
}

/** What a command takes besides `--stack` and `--profile`. */
export interface Accepted {
  readonly flags?: readonly string[];
  readonly options?: readonly string[];
  /** Whether it takes the switches of a deployment, e.g. `--alarm-email`. */
  readonly takesSwitches?: boolean;
}

/** The switches of a deployment, as flags without their dashes. */
const DEPLOYMENT_SWITCHES = SWITCH_NAMES.filter((name) => name !== 'deployment');
export const SWITCH_FLAGS: readonly string[] = DEPLOYMENT_SWITCHES.map(kebabOf);

/**
 * `--profile` takes effect at once.
 * @throws OperateError `bad_arguments`
 */
export function readArguments(
  args: readonly string[],
  { flags = [], options = [], takesSwitches = false }: Accepted,
): Arguments {
  const switchNames = takesSwitches ? DEPLOYMENT_SWITCHES : [];
  const known = ['stack', 'profile', ...options, ...switchNames.map(kebabOf)];
  const values = parse(args, flags, known);
  const stack = values.get('stack');
  if (stack !== undefined && !STACK_NAME.test(stack)) {
    throw new OperateError(
      'bad_arguments',
      '--stack must begin with a letter and consist of letters, digits and dashes',
    );
  }
  const profile = values.get('profile');
  if (profile !== undefined) useProfile(profile);
  const given = (names: readonly string[], keyOf: (name: string) => string): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = values.get(keyOf(name));
        return value === undefined ? [] : [[name, value]];
      }),
    );
  return {
    stack: stack ?? DEFAULT_STACK,
    isStackNamed: stack !== undefined,
    switches: given(switchNames, kebabOf),
    flags: new Set(flags.filter((name) => values.has(name))),
    options: given(options, (name) => name),
  };
}

type Option = NonNullable<ParseArgsConfig['options']>[string];

function parse(
  args: readonly string[],
  flags: readonly string[],
  options: readonly string[],
): Map<string, string> {
  const config = Object.fromEntries<Option>([
    ...flags.map((name) => [name, { type: 'boolean' }] satisfies [string, Option]),
    ...options.map((name) => [name, { type: 'string' }] satisfies [string, Option]),
  ]);
  try {
    const { values } = parseArgs({ args: [...args], options: config });
    return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const all = [...flags, ...options].map((name) => `--${name}`).join(', ');
    throw new OperateError('bad_arguments', error.message, { cure: `It takes ${all}.`, cause: error });
  }
}

/** @returns e.g. `alarm-email` for `alarmEmail`. */
function kebabOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
