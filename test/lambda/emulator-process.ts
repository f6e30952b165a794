// folder with a bundle → AWS's own emulator, which starts Lambda's own client → one POST an invocation, answered when it is whole
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { freePort } from '../aws/server-process.ts';
import { functionEnvironment } from './function-environment.ts';
import { CLIENT } from './function-process.ts';

const EMULATOR = inject('emulator');
export const isEmulatorMissing = EMULATOR === '' || CLIENT === '';
const INVOCATIONS = '/2015-03-31/functions/function/invocations';
const POLL_INTERVAL_MS = 20;
const START_LIMIT_MS = 30_000;

/** One execution environment, whose runtime API and limits are AWS's. */
export interface EmulatedFunction {
  /** What the function and the emulator have written, by line. */
  readonly lines: readonly string[];
  /** The first one starts the function. An answer that is streamed comes as one body: prelude, delimiter, content. */
  invoke(event: unknown): Promise<{ readonly status: number; readonly body: Buffer }>;
  stop(): Promise<void>;
}

interface EmulatorOptions {
  readonly timeoutS?: number;
  readonly command?: readonly string[];
}

/**
 * @param folder what Lambda unpacks
 * @param handler as `file.export`
 * @param options.timeoutS the function's time limit, 900 s unless given
 * @param options.command what runs the handler: Node with Lambda's own client unless given
 */
export async function startEmulated(
  folder: string,
  handler: string,
  environment: Readonly<Record<string, string>>,
  { timeoutS = 900, command = [process.execPath, CLIENT] }: EmulatorOptions = {},
): Promise<EmulatedFunction> {
  const [port, runtimePort] = [await freePort(), await freePort()];
  const args = [
    ...['--runtime-interface-emulator-address', `127.0.0.1:${port}`],
    ...['--runtime-api-address', `127.0.0.1:${runtimePort}`],
    ...[...command, handler],
  ];
  const child = spawn(EMULATOR, args, {
    cwd: folder,
    env: {
      ...functionEnvironment(folder, handler, environment),
      AWS_LAMBDA_FUNCTION_TIMEOUT: String(timeoutS),
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
  await untilListening(port);
  return {
    lines,
    invoke: async (event) => {
      const answer = await fetch(`http://127.0.0.1:${port}${INVOCATIONS}`, {
        method: 'POST',
        body: JSON.stringify(event),
      });
      return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function untilListening(port: number): Promise<void> {
  const deadlineMs = Date.now() + START_LIMIT_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await sleep(POLL_INTERVAL_MS);
    } finally {
      socket.destroy();
    }
  }
}
