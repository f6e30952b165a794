// folder with a bundle → Lambda's own runtime interface client, with the environment that Lambda gives → events in, answers out
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { inject } from 'vitest';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

/** One execution environment of a function. */
export interface FunctionProcess {
  readonly api: RuntimeApi;
  readonly process: ChildProcess;
  /** Whatever it has written, logs and metrics, by line. */
  readonly lines: readonly string[];
  /** Ends it as Lambda does. */
  stop(): Promise<void>;
}

/** Lambda's own runtime interface client; empty when it cannot be had here. */
const CLIENT = inject('runtimeClient');
export const isClientMissing = CLIENT === '';

/** What Lambda sets for every function (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). */
export function platformEnvironment(api: Pick<RuntimeApi, 'address'>): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: api.address,
    AWS_LAMBDA_FUNCTION_NAME: 'test',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/test',
    AWS_LAMBDA_LOG_STREAM_NAME: 'test',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: 'test',
  };
}

/**
 * @param folder what Lambda unpacks
 * @param handler as `file.export`
 * @param environment the function's own
 */
export async function startFunction(
  folder: string,
  handler: string,
  environment: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  const api = await startRuntimeApi();
  const child = spawn(process.execPath, [CLIENT], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ...platformEnvironment(api),
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: folder,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      // As the managed runtime starts Node (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html).
      NODE_OPTIONS: '--no-experimental-require-module --no-experimental-detect-module',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    let rest = '';
    output.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }
  return {
    api,
    process: child,
    lines,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await api.close();
    },
  };
}
