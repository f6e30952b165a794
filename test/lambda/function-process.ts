// folder with a bundle → Lambda's own runtime interface client, with the environment that Lambda gives → events in, answers out
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { inject } from 'vitest';
import { functionEnvironment } from './function-environment.ts';
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
export const CLIENT = inject('runtimeClient');
export const isClientMissing = CLIENT === '';

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
    env: { ...functionEnvironment(folder, handler, environment), AWS_LAMBDA_RUNTIME_API: api.address },
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
